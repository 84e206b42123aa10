"""The shapes of requests and responses, and the OpenAPI schemas made of them."""
