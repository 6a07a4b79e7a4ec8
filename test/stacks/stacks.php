<?php
// Requests as PHP clients really send them, signed by code that shares nothing
// with the gateway, and a verifier of what the gateway sends. Driven by
// cmd/skinrail/stacks_test.go with what it needs as JSON in SKINRAIL_STACKS.
//   php stacks.php calls | vectors   ends with 1 at the first wrong answer
//   php stacks.php verify            reads notifications as JSON lines

foreach (['/usr/share/php/GuzzleHttp/autoload.php'] as $autoload) {
    require $autoload;
}
$given = json_decode(getenv('SKINRAIL_STACKS'), true);
$api = $given['gateway'] . '/api.php';

function must($ok, string $why): void
{
    if (!$ok) {
        fwrite(STDERR, $why . "\n");
        exit(1);
    }
}

// sign as PHP clients do: arrays are left out, everything else is what PHP makes
// of it in a string: true is 1, false and null are empty, floats have 14 digits.
function sign(array $params): string
{
    global $given;
    unset($params['sign']);
    ksort($params, SORT_STRING);
    $text = '';
    foreach ($params as $key => $value) {
        if (!is_array($value)) {
            $text .= $key . ':' . $value . ';';
        }
    }
    return hash_hmac('sha1', $text, $given['secret']);
}

function signed(array $params): array
{
    global $given;
    $params['shopid'] = $given['id'];
    $params['sign'] = sign($params);
    return $params;
}

// Multipart fields and forms carry text, so text is what is signed.
function texts(array $params): array
{
    return array_map(fn ($v) => is_array($v) ? $v : (string) $v, $params);
}

// flat is what a cURL array body needs for nested values.
function flat(array $params, string $parent = ''): array
{
    $out = [];
    foreach ($params as $key => $value) {
        $name = $parent === '' ? $key : $parent . '[' . $key . ']';
        if (is_array($value)) {
            $out += flat($value, $name);
        } else {
            $out[$name] = (string) $value;
        }
    }
    return $out;
}

function curl($body, array $headers = [], string $path = ''): array
{
    global $api;
    $c = curl_init($api . $path);
    curl_setopt_array($c, [CURLOPT_POST => true, CURLOPT_POSTFIELDS => $body, CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HTTPHEADER => $headers, CURLOPT_TIMEOUT => 20]);
    $answer = curl_exec($c);
    must($answer !== false && curl_getinfo($c, CURLINFO_RESPONSE_CODE) === 200, 'transport: ' . curl_error($c));
    return json_decode($answer, true, 512, JSON_THROW_ON_ERROR);
}

function guzzle(array $options): array
{
    global $api;
    static $client = new GuzzleHttp\Client(['timeout' => 120]);
    $r = $client->post($api, $options);
    must($r->getStatusCode() === 200, 'status ' . $r->getStatusCode());
    return json_decode((string) $r->getBody(), true, 512, JSON_THROW_ON_ERROR);
}

function parts(array $flat): array
{
    $out = [];
    foreach ($flat as $name => $contents) {
        $out[] = ['name' => (string) $name, 'contents' => $contents];
    }
    return $out;
}

$headers = ['X-CLIENT-ID' => $given['id'], 'X-CLIENT-SECRET' => $given['secret']];
$lines = array_map(fn ($k, $v) => "$k: $v", array_keys($headers), $headers);
$json = ['Content-Type: application/json'];
$stacks = [
    'curl json signed' => fn ($p) => curl(json_encode(signed($p)), $json),
    'curl json without content-type' => fn ($p) => curl(json_encode(signed($p))), // cURL says urlencoded
    'curl json headers' => fn ($p) => curl(json_encode($p), array_merge($json, $lines)),
    'curl urlencoded signed' => fn ($p) => curl(http_build_query(signed(texts($p)))),
    'curl multipart signed' => fn ($p) => curl(flat(signed(texts($p)))),
    'curl urlencoded headers' => fn ($p) => curl(http_build_query(texts($p)), $lines),
    'curl multipart on a method path' => fn ($p) => curl(flat(signed(texts($p))), [], '/' . $p['method']),
    'guzzle form signed' => fn ($p) => guzzle(['form_params' => signed(texts($p))]),
    'guzzle json signed' => fn ($p) => guzzle(['json' => signed($p)]),
    'guzzle form headers' => fn ($p) => guzzle(['form_params' => texts($p), 'headers' => $headers]),
    'guzzle multipart signed' => fn ($p) => guzzle(['multipart' => parts(flat(signed(texts($p))))]),
];

function calls(): void
{
    global $given, $stacks;
    $n = 0;
    foreach ($stacks as $name => $send) {
        foreach ($given['calls'] as $c) {
            $params = json_decode(str_replace('STACK', 'php-' . str_replace(' ', '-', $name), json_encode($c['params'])), true);
            $answer = $send($params);
            $error = $answer['status'] === 'error' ? $answer['error_message'] : '';
            must($error === ($c['error'] ?? ''), "$name: " . json_encode($params) . ': ' . json_encode($answer));
            foreach ($c['has'] ?? [] as $key) {
                must(array_key_exists($key, $answer), "$name: {$params['method']} has no $key: " . json_encode($answer));
            }
            $n++;
        }
        $stolen = signed(['method' => 'balance']);
        $stolen['method'] = 'currencies';
        must(curl(json_encode($stolen))['error_code'] === -3, "$name: a changed request");
    }
    echo "$n calls\n";
}

function value()
{
    $list = fn (array $l) => $l[mt_rand(0, count($l) - 1)];
    switch (mt_rand(0, 9)) {
        case 0: return mt_rand(-500000, 500000);
        case 1: return round(mt_rand(0, 1000000) / 1000, mt_rand(0, 3));
        // Whole floats from 1e14 to 1e17 are left out: json_encode writes them like
        // integers, and nobody can see that they were signed as 1.0E+14.
        case 2: return mt_rand() / 7 * 10 ** mt_rand(-20, 4);
        case 3: return $list([0.1 + 0.2, 1e21, 1e-7, 12345678901234.5, -0.5, 0, 0.0, 12.0, PHP_INT_MAX, 0.00001, 1.7e308]);
        case 4: return (bool) mt_rand(0, 1);
        case 5: return null;
        case 6: return $list([[], [1, 'a'], ['a' => 1], ['x', ['y' => [2]]]]);
        case 7: return $list(['', '12.50', '★ Karambit | Doppler (Factory New)', 'a:b', '100%', 'ä ö', '日本', '😀', '"\\/', 'x y+z&q=1', "\t"]);
    }
    $s = '';
    for ($i = mt_rand(0, 20); $i > 0; $i--) {
        $s .= chr(mt_rand(32, 126));
    }
    return str_replace(';', '', $s);
}

function vectors(): void
{
    global $given, $stacks;
    mt_srand($given['seed']);
    for ($i = 0; $i < $given['count']; $i++) {
        $params = ['method' => 'currencies'];
        for ($k = mt_rand(1, 6); $k > 0; $k--) {
            $params['p' . mt_rand(0, 999)] = value();
        }
        $send = $stacks[['curl json signed', 'curl json signed', 'curl urlencoded signed', 'curl multipart signed'][mt_rand(0, 3)]];
        $answer = $send($params);
        must($answer['status'] === 'success', "vector $i of seed {$given['seed']}: " . json_encode($params) . ': ' . json_encode($answer));
        if ($i % 4 !== 0) {
            continue; // wrong signatures are limited
        }
        $other = signed($params);
        $other['extra'] = 'added after signing';
        must(curl(json_encode($other))['error_code'] === -3, "vector $i of seed {$given['seed']}: a changed request");
    }
    echo "{$given['count']} vectors\n";
}

function verify(): void
{
    global $given;
    $n = 0;
    while (($line = fgets(STDIN)) !== false) {
        ['headers' => $h, 'body' => $body] = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
        must($h['X-Sign'] === md5($given['id'] . $given['secret']), 'X-SIGN');
        if (isset($h['Signature'])) {
            must($h['Signature'] === hash_hmac('sha256', $body, $given['secret']), $body);
        } else {
            if (str_starts_with($h['Content-Type'], 'application/json')) {
                $told = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
            } else {
                parse_str($body, $told);
            }
            must($told['sign'] === sign($told), $body);
        }
        $key = base64_decode(substr($given['webhook_secret'], strlen('whsec_')));
        $standard = base64_encode(hash_hmac('sha256', "{$h['Webhook-Id']}.{$h['Webhook-Timestamp']}.$body", $key, true));
        must(in_array("v1,$standard", explode(' ', $h['Webhook-Signature']), true), 'webhook-signature');
        $n++;
    }
    echo "$n verified\n";
}

['calls' => 'calls', 'vectors' => 'vectors', 'verify' => 'verify'][$argv[1]]();
