"""What operations share: helpers of oracles, common laws, mutants."""
