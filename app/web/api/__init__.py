"""`/api/v1`: JSON routes, their schemas and the OpenAPI document."""
