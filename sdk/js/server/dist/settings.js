import { ConfigurationError } from "./errors.js";
const API = "/api/v1";
export const VERSION = "0.1.0";
/** Return the URL of the API, without a slash at its end. */
export function apiUrlOf(baseUrl) {
    const found = baseUrl ?? process.env["PAYGATE_URL"] ?? "";
    if (found === "")
        throw new ConfigurationError("There is no baseUrl: pass it, or set PAYGATE_URL");
    const url = parsed(found);
    if (url === null || !["http:", "https:"].includes(url.protocol)) {
        throw new ConfigurationError("baseUrl must be a URL such as https://pay.example");
    }
    if (url.username || url.password || url.search || url.hash) {
        throw new ConfigurationError("baseUrl must have no user, no query and no fragment");
    }
    const path = url.pathname.replace(/\/+$/, "");
    return `${url.origin}${path.endsWith(API) ? path : `${path}${API}`}`;
}
function parsed(text) {
    try {
        return new URL(text);
    }
    catch {
        return null;
    }
}
/** Return the headers with the merchant's keys. */
export function keysOf(apiKey, apiSecret) {
    return {
        "X-Api-Key": given("PAYGATE_API_KEY", "apiKey", apiKey),
        "X-Api-Secret": given("PAYGATE_API_SECRET", "apiSecret", apiSecret),
    };
}
function given(variable, argument, value) {
    const found = value ?? process.env[variable] ?? "";
    if (found === "") {
        throw new ConfigurationError(`There is no ${argument}: pass it, or set ${variable}`);
    }
    if (!/^[ -~]+$/.test(found)) {
        throw new ConfigurationError(`${argument} has characters that no key has, such as a line end`);
    }
    return found;
}
