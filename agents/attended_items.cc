#include "agents/attended_items.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/check.h"

namespace sluice {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Attention of one row over its items, each of e + c numbers.
class AttendedItems : public torch::autograd::Function<AttendedItems> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& topics, const Tensor& other_columns, const Tensor& embedding, const Tensor& row_keys) {
    const Tensor topic = topics.contiguous(), columns = other_columns.contiguous(), key = row_keys.contiguous();
    const Tensor weight = torch::empty(topic.sizes(), key.options());
    const Tensor pooled = torch::empty_like(key);
    AT_DISPATCH_FLOATING_TYPES(key.scalar_type(), "attended_items", [&] { run_forward<scalar_t>(topic, columns, embedding, key, weight, pooled); });
    ctx->save_for_backward({topic, columns, embedding, key, weight});
    return pooled;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor dpooled = gradients[0].contiguous();
    Tensor dembedding = torch::zeros_like(saved[2]), dkey = torch::empty_like(saved[3]);
    AT_DISPATCH_FLOATING_TYPES(dkey.scalar_type(), "attended_items_backward", [&] {
      run_backward<scalar_t>(saved[0], saved[1], saved[2], saved[3], saved[4], dpooled, dembedding, dkey);
    });
    return {Tensor(), Tensor(), dembedding, dkey};
  }

 private:
  struct Sizes {
    Sizes(const Tensor& other, const Tensor& embedding)
        : rows(other.size(0)), items(other.size(1)), columns(other.size(2)), embedded(embedding.size(1)), width(embedded + columns), topics(embedding.size(0)) {}
    std::int64_t rows, items, columns, embedded, width, topics;
  };

  // x_i of a row: the embedding of its topic, then its other columns.  False: unused.
  template <class T>
  static bool item(const Sizes& size, const T* topic, const T* columns, const T* embedding, std::int64_t i, T* x) {
    const auto id = static_cast<std::int64_t>(topic[i]);
    ENSURE(id >= 0 && id < size.topics, "topic " + std::to_string(id) + " of a sequence");
    if (id == 0) return false;
    std::copy_n(embedding + id * size.embedded, size.embedded, x);
    std::copy_n(columns + i * size.columns, size.columns, x + size.embedded);
    return true;
  }

  template <class T>
  static void run_forward(const Tensor& topics, const Tensor& all_columns, const Tensor& embeddings, const Tensor& keys, const Tensor& weights, const Tensor& pooled_rows) {
    const Sizes size(all_columns, embeddings);
    std::vector<T> x(static_cast<std::size_t>(size.items * size.width));
    const T *topic = topics.data_ptr<T>(), *columns = all_columns.data_ptr<T>(), *key = keys.data_ptr<T>();
    const T* const embedding = embeddings.data_ptr<T>();
    T *weight = weights.data_ptr<T>(), *pooled = pooled_rows.data_ptr<T>();
    for (std::int64_t r = 0; r < size.rows; ++r, topic += size.items, columns += size.items * size.columns, key += size.width,
                      weight += size.items, pooled += size.width) {
      std::fill_n(pooled, size.width, T(0));
      T largest = -std::numeric_limits<T>::infinity();
      for (std::int64_t i = 0; i < size.items; ++i) {
        T* const own = x.data() + i * size.width;
        weight[i] = -std::numeric_limits<T>::infinity();
        if (!item(size, topic, columns, embedding, i, own)) continue;
        T score = 0;
        for (std::int64_t j = 0; j < size.width; ++j) score += key[j] * own[j];
        weight[i] = score;
        largest = std::max(largest, score);
      }
      T sum = 0;
      for (std::int64_t i = 0; i < size.items; ++i) {
        weight[i] = std::isinf(weight[i]) ? T(0) : std::exp(weight[i] - largest);
        sum += weight[i];
      }
      for (std::int64_t i = 0; i < size.items && sum > 0; ++i) {
        weight[i] /= sum;
        if (weight[i] == 0) continue;  // unused: x_i was not written
        for (std::int64_t j = 0; j < size.width; ++j) pooled[j] += weight[i] * x[static_cast<std::size_t>(i * size.width + j)];
      }
    }
  }

  // With p = Σ w_i x_i: dw_i = dp·x_i, ds_i = w_i (dw_i − Σ_j w_j dw_j), dkey = Σ ds_i x_i, dx_i = w_i dp + ds_i key.
  template <class T>
  static void run_backward(const Tensor& topics, const Tensor& all_columns, const Tensor& embeddings, const Tensor& keys, const Tensor& weights, const Tensor& dpooled_rows,
                           Tensor& dembedding, Tensor& dkeys) {
    const Sizes size(all_columns, embeddings);
    std::vector<T> x(static_cast<std::size_t>(size.items * size.width)), dweight(static_cast<std::size_t>(size.items));
    const T *topic = topics.data_ptr<T>(), *columns = all_columns.data_ptr<T>(), *key = keys.data_ptr<T>(),
            *weight = weights.data_ptr<T>(), *dpooled = dpooled_rows.data_ptr<T>();
    const T* const embedding = embeddings.data_ptr<T>();
    T *dkey = dkeys.data_ptr<T>(), *const dembeddings = dembedding.data_ptr<T>();
    for (std::int64_t r = 0; r < size.rows; ++r, topic += size.items, columns += size.items * size.columns, key += size.width,
                      weight += size.items, dpooled += size.width, dkey += size.width) {
      std::fill_n(dkey, size.width, T(0));
      T mean = 0;
      for (std::int64_t i = 0; i < size.items; ++i) {
        if (weight[i] == 0) continue;
        T* const own = x.data() + i * size.width;
        item(size, topic, columns, embedding, i, own);
        T along = 0;
        for (std::int64_t j = 0; j < size.width; ++j) along += dpooled[j] * own[j];
        dweight[static_cast<std::size_t>(i)] = along;
        mean += weight[i] * along;
      }
      for (std::int64_t i = 0; i < size.items; ++i) {
        if (weight[i] == 0) continue;
        const T* const own = x.data() + i * size.width;
        const T dscore = weight[i] * (dweight[static_cast<std::size_t>(i)] - mean);
        T* const dtopic = dembeddings + static_cast<std::int64_t>(topic[i]) * size.embedded;
        for (std::int64_t j = 0; j < size.width; ++j) dkey[j] += dscore * own[j];
        for (std::int64_t j = 0; j < size.embedded; ++j) dtopic[j] += weight[i] * dpooled[j] + dscore * key[j];
      }
    }
  }
};

}  // namespace

Tensor attended_items(const Tensor& topic, const Tensor& columns, const Tensor& embedding, const Tensor& key) {
  return AttendedItems::apply(topic, columns, embedding, key);
}

}  // namespace sluice
