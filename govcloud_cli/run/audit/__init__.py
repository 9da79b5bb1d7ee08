"""The audit log on disk: `log.Log` writes it, `reading` verifies it, `places` says where it and its heads lie."""
