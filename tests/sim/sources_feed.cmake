set(SLUICE_FEED_TESTS sim/feed_world_test.cc sim/feed_steps_test.cc sim/event_calendar_test.cc sim/limited_log_normal_test.cc
  sim/single_user_test.cc sim/feed_snapshot_test.cc sim/parallel_test.cc sim/world_properties_test.cc supply/markov_modulated_supply_test.cc
  supply/supply_kinds_test.cc supply/trace_supply_test.cc users/behavioural_users_test.cc users/logit_users_test.cc
  users/user_model_contract_test.cc users/user_model_luck_test.cc users/known_effects_test.cc golden/golden_test.cc)
