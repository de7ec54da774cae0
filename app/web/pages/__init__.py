"""Server-rendered pages, whole without JavaScript."""
