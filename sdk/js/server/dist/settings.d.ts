export declare const VERSION = "0.1.0";
/** Return the URL of the API, without a slash at its end. */
export declare function apiUrlOf(baseUrl: string | undefined): string;
/** Return the headers with the merchant's keys. */
export declare function keysOf(apiKey: string | undefined, apiSecret: string | undefined): Record<string, string>;
