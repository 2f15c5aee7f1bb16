// Retention and value: churn, time to the second order, retention, and lifetime value.

import { cohortCards } from './cohorts.js';
import { lifetimeCards } from './lifetime.js';
import { repeatCurveCard } from './repeat-curve.js';

const [churnByWeek, retentionByMonth] = cohortCards;
export const cards = [churnByWeek, repeatCurveCard, retentionByMonth, ...lifetimeCards];
