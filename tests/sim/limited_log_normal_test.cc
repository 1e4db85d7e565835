#include "sim/limited_log_normal.h"

#include <doctest/doctest.h>

namespace sluice {

TEST_CASE("limited log-normal: the closed form equals numerical integration, the table the closed form") {
  for (const double mu : {-1.0, 1.0, 4.0})
    for (const double sigma : {0.5, 1.2, 1.7})
      for (const double cap : {5.0, 300.0, 20000.0}) {
        double integral = 0;  // Σ min(e^{μ+σz}, c) φ(z) dz
        constexpr double kStep = 1e-4;
        for (double z = -9 + kStep / 2; z < 9; z += kStep)
          integral += std::min(std::exp(mu + sigma * z), cap) * std::exp(-z * z / 2) /
                      std::sqrt(2 * M_PI) * kStep;
        const double exact = limited_log_normal_mean(mu, sigma, cap);
        CHECK(exact == doctest::Approx(integral).epsilon(1e-5));
        const double table =
            cap * static_cast<double>(LimitedLogNormal(sigma).share_of_cap(
                      static_cast<float>(mu), static_cast<float>(std::log(cap))));
        CHECK(table == doctest::Approx(exact).epsilon(1e-3));
      }
}

}  // namespace sluice
