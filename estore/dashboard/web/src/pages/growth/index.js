// Growth: why revenue changed, which customers came and left, what they are worth, and when they buy.

import { cohortValueCard } from './cohort-value.js';
import { driverCards } from './drivers.js';
import { hoursCard } from './hours.js';
import { lifecycleCard } from './lifecycle.js';

export const cards = [...driverCards, lifecycleCard, cohortValueCard, hoursCard];
