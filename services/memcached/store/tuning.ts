import type { CacheSettings } from '../settings.ts';

/** What `lru`, `lru_crawler`, `slabs automove` and `verbosity` may change while the cache runs; as in the settings. */
export class Tuning {
  segmented: boolean;
  hotPercent: number;
  warmPercent: number;
  hotMaxFactor: number;
  warmMaxFactor: number;
  tempLru: boolean;
  temporaryTtl: number;
  crawlerEnabled: boolean;
  crawlerSleep: number;
  crawlerToCrawl: number;
  slabAutomove: number;
  slabAutomoveRatio: number;
  slabAutomoveWindow: number;
  slabAutomoveFreeRatio: number;
  verbosity: number;

  constructor(settings: CacheSettings) {
    this.segmented = settings.lruSegmented;
    this.hotPercent = settings.hotPercent;
    this.warmPercent = settings.warmPercent;
    this.hotMaxFactor = settings.hotMaxFactor;
    this.warmMaxFactor = settings.warmMaxFactor;
    this.tempLru = settings.tempLru;
    this.temporaryTtl = settings.temporaryTtl;
    this.crawlerEnabled = settings.lruCrawler;
    this.crawlerSleep = settings.lruCrawlerSleep;
    this.crawlerToCrawl = settings.lruCrawlerToCrawl;
    this.slabAutomove = settings.slabAutomove;
    this.slabAutomoveRatio = settings.slabAutomoveRatio;
    this.slabAutomoveWindow = settings.slabAutomoveWindow;
    this.slabAutomoveFreeRatio = settings.slabAutomoveFreeRatio;
    this.verbosity = settings.verbosity;
  }
}
