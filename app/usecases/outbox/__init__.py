"""Messages to other systems: put with the act that they tell of, sent later, again and again until they arrive."""
