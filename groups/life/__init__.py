"""Groups that come and go: proposals of new ones, mergers, moves, and the history that stays."""
