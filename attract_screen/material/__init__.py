"""The operator's own pictures and clips: found in a folder, made ready by child processes, kept on disk."""
