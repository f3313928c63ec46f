"""WeChat through a Wechaty gateway, over the gateway's own gRPC protocol."""
