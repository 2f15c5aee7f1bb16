// Retention and value: who comes back, as far as it could be observed, and what a customer brings.

import { cohortCards } from './cohorts.js';
import { lifetimeCards } from './lifetime.js';
import { repeatCurveCard } from './repeat-curve.js';

const [churnByWeek, retentionByMonth] = cohortCards;
export const cards = [churnByWeek, repeatCurveCard, retentionByMonth, ...lifetimeCards];
