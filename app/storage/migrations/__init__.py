"""Alembic's migrations, oldest first by revision. They only go forward: to go back, restore a backup."""
