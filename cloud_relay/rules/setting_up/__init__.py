"""PURE. What setting up and checking the cloud decides: account, webhook, prices, machines, secrets."""
