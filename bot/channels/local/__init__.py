"""The local channel: a chat page in the browser, its rooms and members made up by the settings."""
