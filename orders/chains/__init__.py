"""The native chain (微信接龙): its text, its XML, and what one snapshot changes against those before it."""
