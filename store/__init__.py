"""What is kept: tables, repositories, read models, outbox and inbox, on SQLite or PostgreSQL."""
