"""Who ordered what: offers (团), order replies, 接龙, the order book, exports."""
