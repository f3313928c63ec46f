"""The program: channels in and out, the path of a message, wiring, command line."""
