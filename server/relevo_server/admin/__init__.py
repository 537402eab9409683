"""Administration over HTTP: people, sessions, reports, record, tokens, policy; each route asks who may."""
