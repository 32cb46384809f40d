"""What development rows show before anything is learned: findings, each with its evidence and what to do."""
