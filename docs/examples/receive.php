<?php
// A merchant's receiver in plain PHP: verifies and prints notifications.
//   SHOP=100001 SECRET=CLIENT_SECRET php -S 127.0.0.1:9000 docs/examples/receive.php
$secret = getenv('SECRET');
$raw = file_get_contents('php://input');
$body = json_decode($raw, true);
$body = is_array($body) ? $body : []; // what is not one JSON object was not sent by the gateway

// Deposit notifications carry `sign`: HMAC-SHA1 over the sorted scalar fields.
function sign(array $body, string $secret): string
{
    unset($body['sign']);
    ksort($body, SORT_STRING);
    $text = '';
    foreach ($body as $key => $value) {
        $text .= is_array($value) ? '' : "$key:$value;";
    }
    return hash_hmac('sha1', $text, $secret);
}

$genuine = hash_equals(md5(getenv('SHOP') . $secret), $_SERVER['HTTP_X_SIGN'] ?? '')
    && (isset($body['event'])
        ? hash_equals(hash_hmac('sha256', $raw, $secret), $_SERVER['HTTP_SIGNATURE'] ?? '')
        : hash_equals(sign($body, $secret), (string) ($body['sign'] ?? '')));

file_put_contents('php://stdout', ($genuine ? 'verified' : 'FORGED') . ' ' . ($body['event'] ?? $body['status'] ?? '?') . " $raw\n");
http_response_code($genuine ? 200 : 403);
echo '{}';
