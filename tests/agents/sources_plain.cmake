set(SLUICE_AGENT_TESTS agents/advantages_test.cc agents/bellman_test.cc agents/discretization_test.cc
  agents/monte_carlo_test.cc agents/multipliers_test.cc agents/oracles_test.cc agents/reference_policies_test.cc
  agents/replay_buffer_test.cc agents/threshold_search_test.cc agents/user_groups_test.cc)
