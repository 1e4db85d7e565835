set(SLUICE_AGENT_TORCH_TESTS agents/distill_torch_test.cc agents/divergence_torch_test.cc
  agents/fused_layers_torch_test.cc agents/golden_cmdp_torch_test.cc agents/learner_wiring_torch_test.cc agents/learning_agents_torch_test.cc
  agents/losses_torch_test.cc agents/nets_torch_test.cc agents/reward_model_torch_test.cc
  agents/rival_losses_torch_test.cc agents/rival_nets_torch_test.cc agents/rollouts_torch_test.cc agents/rule_targets_torch_test.cc agents/session_torch_test.cc
  agents/single_group_torch_test.cc agents/sl_mgac_switches_torch_test.cc agents/tabular_rivals_torch_test.cc
  agents/trust_region_torch_test.cc agents/value_head_torch_test.cc)
