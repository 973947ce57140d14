"""HTTP, WebSocket, sessions, pages."""
