// Data: what was loaded, what was refused, which days are whole, what was tested, and what each number means.

import { alertsCard } from './alerts.js';
import { loadingCards } from './loading.js';
import { makingCards } from './making.js';

export const cards = [loadingCards[0], alertsCard, ...loadingCards.slice(1), ...makingCards];
