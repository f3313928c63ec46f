"""Who ordered what: offers (团), order replies, 接龙, order book, exports. Arrives with the orders issue."""
