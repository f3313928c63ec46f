"""The stages of a message's path, in the order of ``bot.pipeline``; each is one function of a turn."""
