"""Who may come in: throttles, tickets and routing numbers. In memory, bounded, clocks are parameters."""
