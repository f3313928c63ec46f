"""Tests: unit tests beside conversations, contracts and real servers."""
