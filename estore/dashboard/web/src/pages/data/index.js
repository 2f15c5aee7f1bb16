// Data: loaded and refused files, complete days, data tests, and the definition of each number.

import { alertsCard } from './alerts.js';
import { loadingCards } from './loading.js';
import { buildingCards } from './building.js';

export const cards = [loadingCards[0], alertsCard, ...loadingCards.slice(1), ...buildingCards];
