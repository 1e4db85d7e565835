#pragma once
// Imitation weighted by how good an action was: what awac, crr and iql share.  Private to the learning library.
//
//   L_actor = −mean w(A(s,a))·ln π(a|s),   without gradient into w

#include <torch/torch.h>

#include "agents/actor_critic.h"
#include "agents/awac.h"
#include "agents/crr.h"
#include "agents/iql.h"

namespace sluice {

std::unique_ptr<ActorCriticRule> awac_rule(const AwacConfig& config);
std::unique_ptr<ActorCriticRule> crr_rule(const CrrConfig& config);
std::unique_ptr<ActorCriticRule> iql_rule(const IqlConfig& config);

/// min(exp(A/temperature), cap).
torch::Tensor exponential_weights(const torch::Tensor& advantage, double temperature, double cap);

/// L_actor.  weight [n]; its gradient is cut here, which a released CRR forgot.
torch::Tensor weighted_imitation(const torch::Tensor& logits, const torch::Tensor& action, const torch::Tensor& weight);

/// A(s,a) = Q̄(s,a) − Σ_b π(b|s)·Q̄(s,b) under the present actor, Q̄ the least of the critics.  Without gradient.  [n]
torch::Tensor policy_advantage(const ActorCriticStep& step);

/// y = r + discount·Σ_a π(a|s')·min_k Q'_k(s',a).  [n]
torch::Tensor pessimistic_target(const ActorCriticStep& step);

/// mean |τ − 1[u < 0]|·u²  of u = target − value.  (Newey & Powell 1987)
torch::Tensor expectile_loss(const torch::Tensor& value, const torch::Tensor& target, double tau);

}  // namespace sluice
