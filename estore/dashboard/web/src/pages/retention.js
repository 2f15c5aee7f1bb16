// Retention and value: who comes back, as far as it could be observed, and what a customer brings.

import { cohortCards } from './cohorts.js';
import { lifetimeCards } from './lifetime.js';

export const cards = [...cohortCards, ...lifetimeCards];
