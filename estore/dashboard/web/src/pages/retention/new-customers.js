// Which customers churn and the time to the second order count: those known to be new, as in the findings.

import { once } from '../../view.js';

const overall = (view, grain) => view.rows('churn').find(({ cohort_grain }) => cohort_grain === grain);

/** Customers of the first days may have ordered before the data begin; they are left out where enough others remain. */
export const customers = once((view) => {
  const [everyone, known] = ['overall', 'overall_uncensored'].map((grain) => overall(view, grain));
  const row = known?.observed_count >= view.fewest ? known : everyone;
  return { row, everyone, excluded: row ? everyone.customer_count - row.customer_count : 0 };
});

export const CENSORED = 'may have ordered before the data begin';
