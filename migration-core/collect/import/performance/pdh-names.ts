/**
 * Counters of Windows that have a metric, and what they are called in other languages. The names of counters follow the
 * language of the machine that wrote the log (PDH). The Russian ones were seen in a real log; of the others some were
 * seen in logs and scripts, and some were not checked against a system. Versions of Windows translate some differently;
 * what is not found here is told as left out, by its name.
 */
import type { MetricId } from '../../../store/model/metrics.ts';

export interface CounterMeaning {
  object: string;
  counter: string;
  metric: MetricId;
  scale?: number;
  plus?: number;
  /** Where several counters of one log have the same metric, the lowest is taken. */
  rank?: number;
}

const MIB = 2 ** 20;

/** In lower case, as an English Windows has them. */
export const COUNTERS: readonly CounterMeaning[] = [
  { object: 'processor', counter: '% processor time', metric: 'cpu.busy' },
  { object: 'processor', counter: '% idle time', metric: 'cpu.busy', scale: -1, plus: 100, rank: 2 },
  { object: 'processor', counter: '% user time', metric: 'cpu.user' },
  { object: 'processor', counter: '% privileged time', metric: 'cpu.privileged' },
  { object: 'processor information', counter: '% processor time', metric: 'cpu.busy', rank: 1 },
  { object: 'processor information', counter: '% user time', metric: 'cpu.user', rank: 1 },
  { object: 'processor information', counter: '% privileged time', metric: 'cpu.privileged', rank: 1 },
  { object: 'system', counter: 'processor queue length', metric: 'cpu.queue' },
  { object: 'system', counter: 'context switches/sec', metric: 'cpu.contextSwitches' },
  { object: 'memory', counter: 'available bytes', metric: 'memory.available' },
  { object: 'memory', counter: 'available kbytes', metric: 'memory.available', scale: 1024, rank: 1 },
  { object: 'memory', counter: 'available mbytes', metric: 'memory.available', scale: MIB, rank: 2 },
  { object: 'memory', counter: 'committed bytes', metric: 'memory.committed' },
  { object: 'memory', counter: 'pages/sec', metric: 'paging.hardFaults' },
  ...(['physicaldisk', 'logicaldisk'] as const).flatMap((object, rank): CounterMeaning[] => [
    { object, counter: 'disk reads/sec', metric: 'disk.readOperations', rank },
    { object, counter: 'disk writes/sec', metric: 'disk.writeOperations', rank },
    { object, counter: 'disk read bytes/sec', metric: 'disk.readBytes', rank },
    { object, counter: 'disk write bytes/sec', metric: 'disk.writeBytes', rank },
    { object, counter: 'avg. disk sec/read', metric: 'disk.readLatency', rank },
    { object, counter: 'avg. disk sec/write', metric: 'disk.writeLatency', rank },
    // The mean of the interval rather than the moment of its end.
    { object, counter: 'avg. disk queue length', metric: 'disk.queue', rank },
    { object, counter: 'current disk queue length', metric: 'disk.queue', rank: rank + 2 },
    // `% Disk Time` is queue length times 100 and passes 100; `% Idle Time` is measured.
    { object, counter: '% idle time', metric: 'disk.busy', scale: -1, plus: 100, rank },
    { object, counter: '% disk time', metric: 'disk.busy', rank: rank + 2 },
  ]),
  ...(['network interface', 'network adapter'] as const).flatMap((object, rank): CounterMeaning[] => [
    { object, counter: 'bytes received/sec', metric: 'nic.receivedBytes', rank },
    { object, counter: 'bytes sent/sec', metric: 'nic.sentBytes', rank },
    { object, counter: 'packets received/sec', metric: 'nic.receivedPackets', rank },
    { object, counter: 'packets sent/sec', metric: 'nic.sentPackets', rank },
  ]),
  { object: 'process', counter: 'working set', metric: 'process.memory' },
];

/** Of one processor, all of them together up to 100 times their number; needs a divisor. */
export const PROCESS_TIME = { object: 'process', counter: '% processor time' };

const OBJECTS: Readonly<Record<string, string>> = {
  // German
  prozessor: 'processor',
  prozessorinformationen: 'processor information',
  arbeitsspeicher: 'memory',
  speicher: 'memory',
  'physikalischer datenträger': 'physicaldisk',
  'physischer datenträger': 'physicaldisk',
  'logischer datenträger': 'logicaldisk',
  netzwerkschnittstelle: 'network interface',
  netzwerkadapter: 'network adapter',
  prozess: 'process',
  // French
  processeur: 'processor',
  'informations sur le processeur': 'processor information',
  système: 'system',
  mémoire: 'memory',
  'disque physique': 'physicaldisk',
  'disque logique': 'logicaldisk',
  'interface réseau': 'network interface',
  'carte réseau': 'network adapter',
  processus: 'process',
  // Spanish
  procesador: 'processor',
  'información del procesador': 'processor information',
  sistema: 'system',
  memoria: 'memory',
  'disco físico': 'physicaldisk',
  'disco lógico': 'logicaldisk',
  'interfaz de red': 'network interface',
  'adaptador de red': 'network adapter',
  proceso: 'process',
  // Russian
  процессор: 'processor',
  'сведения о процессоре': 'processor information',
  система: 'system',
  память: 'memory',
  'физический диск': 'physicaldisk',
  'логический диск': 'logicaldisk',
  'сетевой интерфейс': 'network interface',
  'сетевой адаптер': 'network adapter',
  процесс: 'process',
};

/** English name: names in other languages, in lower case. */
const TRANSLATIONS: Readonly<Record<string, readonly string[]>> = {
  '% processor time': [
    'prozessorzeit (%)',
    '% prozessorzeit',
    '% temps processeur',
    '% de tiempo de procesador',
    '% загруженности процессора',
  ],
  '% user time': [
    'benutzerzeit (%)',
    '% benutzerzeit',
    '% temps utilisateur',
    '% de tiempo de usuario',
    '% работы в пользовательском режиме',
  ],
  '% privileged time': [
    'privilegierte zeit (%)',
    '% privilegierte zeit',
    '% temps privilégié',
    '% de tiempo privilegiado',
    '% работы в привилегированном режиме',
  ],
  '% idle time': [
    'leerlaufzeit (%)',
    '% leerlaufzeit',
    "% d'inactivité",
    '% de tiempo inactivo',
    '% времени бездействия',
    '% времени простоя',
  ],
  'processor queue length': [
    'prozessor-warteschlangenlänge',
    'longueur de la file du processeur',
    "longueur de la file d'attente du processeur",
    'longitud de la cola del procesador',
    'longitud de cola del procesador',
    'длина очереди процессора',
  ],
  'context switches/sec': [
    'kontextwechsel/s',
    'changements de contexte/s',
    'cambios de contexto/s',
    'контекстных переключений/с',
  ],
  'available mbytes': [
    'verfügbare mb',
    'verfügbare mbytes',
    'mégaoctets disponibles',
    'mo disponibles',
    'mbytes disponibles',
    'mb disponibles',
    'доступно мб',
  ],
  'available kbytes': [
    'verfügbare kb',
    'verfügbare kbytes',
    'kilo-octets disponibles',
    'kbytes disponibles',
    'kb disponibles',
    'доступно кб',
  ],
  'available bytes': ['verfügbare bytes', 'octets disponibles', 'bytes disponibles', 'доступно байт'],
  'committed bytes': [
    'zugesicherte bytes',
    'octets dédiés',
    'octets validés',
    'bytes confirmados',
    'bytes asignados',
    'байт выделенной виртуальной памяти',
  ],
  'pages/sec': ['seiten/s', 'pages/s', 'páginas/s', 'обмен страниц в сек'],
  'disk reads/sec': [
    'lesevorgänge/s',
    'lectures disque/s',
    'lecturas de disco/s',
    'обращений чтения с диска/с',
  ],
  'disk writes/sec': [
    'schreibvorgänge/s',
    'écritures disque/s',
    'escrituras en disco/s',
    'escrituras de disco/s',
    'обращений записи на диск/с',
  ],
  'disk read bytes/sec': [
    'bytes gelesen/s',
    'gelesene bytes/s',
    'lectures disque, octets/s',
    'octets lus sur disque/s',
    'bytes de lectura de disco/s',
    'скорость чтения с диска (байт/с)',
    'байт чтения с диска/с',
  ],
  'disk write bytes/sec': [
    'bytes geschrieben/s',
    'geschriebene bytes/s',
    'écritures disque, octets/s',
    'octets écrits sur disque/s',
    'bytes de escritura en disco/s',
    'скорость записи на диск (байт/с)',
    'байт записи на диск/с',
  ],
  'avg. disk sec/read': [
    'mittlere sek./lesevorgänge',
    'durchschn. sek./lesevorgänge',
    'moyenne disque s/lecture',
    'moyenne disque, s/lecture',
    'promedio de disco s/lectura',
    'media en segundos/lectura',
    'среднее время чтения с диска (с)',
  ],
  'avg. disk sec/write': [
    'mittlere sek./schreibvorgänge',
    'durchschn. sek./schreibvorgänge',
    'moyenne disque s/écriture',
    'moyenne disque, s/écriture',
    'promedio de disco s/escritura',
    'media en segundos/escritura',
    'среднее время записи на диск (с)',
  ],
  'avg. disk queue length': [
    'durchschnittl. warteschlangenlänge des datenträgers',
    'durchschnittliche warteschlangenlänge des datenträgers',
    'durchschn. warteschlangenlänge des datenträgers',
    "longueur moyenne de file d'attente du disque",
    'longitud media de la cola de disco',
    'longitud promedio de la cola de disco',
    'средняя длина очереди диска',
  ],
  'current disk queue length': [
    'aktuelle warteschlangenlänge',
    'aktuelle warteschlangenlänge des datenträgers',
    "taille de file d'attente du disque actuelle",
    'longitud actual de la cola de disco',
    'longitud actual de cola del disco',
    'текущая длина очереди диска',
  ],
  '% disk time': ['zeit (%)', 'pourcentage du temps disque', '% de tiempo de disco', '% активности диска'],
  'bytes received/sec': [
    'empfangene bytes/s',
    'bytes empfangen/s',
    'octets reçus/s',
    'bytes recibidos/s',
    'получено байт/с',
    'байт получено/с',
  ],
  'bytes sent/sec': [
    'gesendete bytes/s',
    'bytes gesendet/s',
    'octets envoyés/s',
    'bytes enviados/s',
    'отправлено байт/с',
    'байт послано/с',
  ],
  'packets received/sec': [
    'empfangene pakete/s',
    'pakete empfangen/s',
    'paquets reçus/s',
    'paquetes recibidos/s',
    'получено пакетов/с',
  ],
  'packets sent/sec': [
    'gesendete pakete/s',
    'pakete gesendet/s',
    'paquets envoyés/s',
    'paquetes enviados/s',
    'отправлено пакетов/с',
  ],
  'working set': ['arbeitsseiten', 'arbeitssatz', 'plage de travail', 'espacio de trabajo', 'рабочий набор'],
};

const englishCounters = new Map(
  Object.entries(TRANSLATIONS).flatMap(([english, names]) => names.map((name) => [name, english] as const)),
);

/** Lower case, one kind of blank and apostrophe, `/s` for all ways to write "per second". */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[\s\u00a0\u202f]+/gu, ' ')
    .replaceAll('’', "'")
    .trim();

export function englishObject(name: string): string {
  const key = plain(name);
  return Object.hasOwn(OBJECTS, key) ? OBJECTS[key]! : key;
}

export function englishCounter(name: string): string {
  const key = plain(name);
  return (
    englishCounters.get(key) ??
    englishCounters.get(key.replace(/\/(?:sek\.?|sekunde|seg\.?|sec)$/u, '/s')) ??
    key
  );
}

export interface CounterPath {
  host: string;
  object: string;
  /** '' where the object has but one. */
  instance: string;
  counter: string;
}

/** `\\HOST\Object(Instance)\Counter`; instances may hold backslashes and parentheses. */
export function counterPath(text: string): CounterPath | null {
  const found = /^\\\\([^\\]+)\\(.+)$/su.exec(text.trim());
  if (found === null) return null;
  const rest = found[2]!;
  const cut = rest.includes(')\\') ? rest.lastIndexOf(')\\') + 1 : rest.lastIndexOf('\\');
  if (cut <= 0) return null;
  const object = /^([^(]+)(?:\((.*)\))?$/su.exec(rest.slice(0, cut));
  if (object === null) return null;
  return { host: found[1]!, object: object[1]!, instance: object[2] ?? '', counter: rest.slice(cut + 1) };
}
