"""Who may reach the page: connections, host names, log-ins."""
