"""Words that leaders and members say to the bot: hearing them, who may give them, what is answered."""
