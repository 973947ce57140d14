"""Clock, ids, durable writes, settings, database engine, shutdown."""
