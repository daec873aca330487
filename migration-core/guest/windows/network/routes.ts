/** Routes that somebody added for good (`route -p add`). They hold for no card in particular and stay as they are. */
import type { Hive } from '../../../registry/hive.ts';

/** `10.9.0.0/255.255.0.0 through 10.1.2.254`, of the control set; without the default routes that Windows keeps for its cards. */
export function persistentRoutes(system: Hive, controlSet: string): string[] {
  let names: string[];
  try {
    const key = system.find(`${controlSet}\\Services\\Tcpip\\Parameters\\PersistentRoutes`);
    names = (key?.values() ?? []).slice(0, MOST_ROUTES).map(({ name }) => name);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const [network, mask, gateway, metric, ...more] = name.split(',');
    if (more.length > 0 || metric === undefined || network === '0.0.0.0') return [];
    return [`${network}/${mask} through ${gateway}`];
  });
}

/** More are counted by nobody in a sentence. */
const MOST_ROUTES = 1000;
