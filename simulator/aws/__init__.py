"""AWS as the relay sees it: the Lambda Runtime API with a function that is frozen, and Parameter Store."""
