"""The worklist: order, filters, bulk actions, marks of what was read."""
