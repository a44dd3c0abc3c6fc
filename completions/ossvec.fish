# Print the names of the bucket's indexes; the bucket and where it is are in the line as far as it is typed.
function __ossvec_index_names
    commandline -cp | ossvec complete-indexes 2>/dev/null
end

# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ossvec_global_optspecs
    string join \n i/access-key-id= k/access-key-secret= t/sts-token= mode= role-arn= role-session-name= region= e/endpoint= account-id= c/config-file= profile= addressing-style= connect-timeout= read-timeout= skip-verify-cert retry-times= ca-bundle= proxy= loglevel= log-file= q/quiet h/help V/version
end

function __fish_ossvec_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ossvec_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ossvec_using_subcommand
    set -l cmd (__fish_ossvec_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ossvec -n "__fish_ossvec_needs_command" -s i -l access-key-id -d 'Access key ID [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -s k -l access-key-secret -d 'Key secret [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -s t -l sts-token -d 'Security token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l mode -d 'Source of the credential' -r -f -a "AK\t'A permanent access key'
StsToken\t'A temporary access key with a security token'
RamRoleArn\t'A RAM role, assumed with the access key'
EcsRamRole\t'The RAM role of this ECS instance'"
complete -c ossvec -n "__fish_ossvec_needs_command" -l role-arn -d 'RAM role to assume [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l role-session-name -d 'Session name for the role [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l region -d 'Region [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -s e -l endpoint -d 'Service host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l account-id -d 'Bucket owner\'s UID [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_needs_command" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l addressing-style -d 'Position of the bucket name in URLs [default: virtual]' -r -f -a "virtual\t'In the host name'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_needs_command" -l connect-timeout -d 'Maximum time to establish a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l read-timeout -d 'Maximum time without a byte sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l retry-times -d 'Maximum retries per request [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l ca-bundle -d 'PEM file with CA certificates to trust' -r -F
complete -c ossvec -n "__fish_ossvec_needs_command" -l proxy -d 'Proxy URL, or env to use the proxy variables [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_needs_command" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_needs_command" -l skip-verify-cert -d 'Do not verify the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_needs_command" -s q -l quiet -d 'Print only errors and the summary'
complete -c ossvec -n "__fish_ossvec_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_needs_command" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "put-vectors" -d 'Load vectors from JSON, JSONL, CSV or TSV into an index'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "put" -d 'Load vectors from JSON, JSONL, CSV or TSV into an index'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "verify" -d 'Compare an index with the files that were loaded into it'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "convert" -d 'Convert JSON that put-vectors cannot read as it is'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "vectors-api" -d 'Run commands in ossutil\'s form'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "status" -d 'Show the loads of this machine and how far they are'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "serve" -d 'Run a local OSS Vectors service'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "config" -d 'Show or set up the configuration'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "completions" -d 'Print a shell completion script'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l bucket -d 'Vector bucket to load into' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l index-name -d 'Index to load into' -r -f -a "(__ossvec_index_names)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l dimension -d 'Number of elements in each vector' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l distance-metric -d 'Distance metric for a new index' -r -f -a "cosine\t'Angle between vectors'
euclidean\t'Straight-line distance between vectors'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l non-filterable-metadata-keys -d 'Metadata fields that queries cannot filter by, for --create-index and --dry-run' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l data-dir -d 'Directory for the local service\'s data' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l vectors -d 'Vectors in the form of ossutil: JSON, file://PATH, or - for standard input' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l files-from -d 'Load the files that this file lists, after the inputs named here; - for standard input' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l format -d 'Format of the input' -r -f -a "auto\t'By content, then by file name'
json\t'An array, an object that contains one, or concatenated objects'
jsonl\t'One JSON object per line'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
parquet\t'An Apache Parquet file'
arrow\t'An Apache Arrow file (Feather) or stream'
npy\t'A NumPy array'
npz\t'NumPy arrays in one archive'
fvecs\t'float32 vectors, each after its length'
bvecs\t'uint8 vectors, each after its length'
fbin\t'float32 vectors after their number and dimension'
u8bin\t'uint8 vectors after their number and dimension'
float32\t'float32 numbers without a header; requires --dimension'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l encoding -d 'Encoding of the text, such as gb18030, big5, shift_jis, euc-kr, utf-16 or latin-1' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l key -d 'Field or column with the key' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l vector -d 'Field or column with the vector' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l metadata -d 'Fields or columns to store as metadata; \'*\' for all' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l keys-from -d 'File with the keys of vectors that have none, in the same order' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l metadata-from -d 'File with the metadata of vectors without keys, in the same order' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l key-template -d 'Key of each vector without one, made of its file and row, such as \'{file}-{row}\'' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l join -d 'Add the record of this file that has the same key to each JSON record, as its field joined' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l metadata-values -d 'How to treat numbers and booleans in metadata' -r -f -a "reject\t'Reject the record'
text\t'Store them as text; null and NaN are omitted'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l min-records -d 'Fail if all inputs together hold fewer records than this' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l lint -d 'How to treat vectors that would spoil search results [default: note] [env: OSSVEC_LINT]' -r -f -a "note\t'Store them and report how many there are, and the first of each kind'
deny\t'Reject them'
off\t'Do not look for them'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l delimiter -d 'Character between cells, or tab' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l quote -d 'Character around quoted cells, or none' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l escape -d 'Character that escapes a quote inside a quoted cell' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l comment -d 'Skip lines that start with this character' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l null -d 'Treat unquoted cells with exactly this text as empty, such as NULL or \\N' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l batch-size -d 'Maximum vectors per request, 1 to 500' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l batch-bytes -d 'Maximum size of a request' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l requests-per-second -d 'Maximum requests per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l vectors-per-second -d 'Maximum vectors per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s j -l job -d 'Maximum concurrent requests' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l memory -d 'Maximum memory for batches, waiting and in flight' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l retry-max-time -d 'Maximum time to keep retrying a request' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l retry-first-contact -d 'Maximum time to keep trying to reach the service for the first time' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l verify -d 'Which batches to read back' -r -f -a "unknown\t'Batches that got no response'
all\t'All batches'
none\t'No batches'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l content-md5 -d 'Whether requests carry a Content-MD5 header' -r -f -a "auto\t'Always, as far as is known of the service'
always\t'Every request'
never\t'No request; saves processor time'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l max-rejects -d 'Maximum rejected records' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l rejects -d 'Write rejected records to this file' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l on-change -d 'With --resume, what to do with an input that was loaded in part and has changed or is gone' -r -f -a "refuse\t'The run ends'
restart\t'It is loaded from its beginning, or left out if it is gone'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l checkpoint-dir -d 'Directory for the journals of loads' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l events -d 'Write JSON events to this file; - for standard output' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l metrics-file -d 'Write the state of the run to this file for Prometheus' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l output-format -d 'Format of the summary' -r -f -a "text\t'Lines of text'
json\t'A JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l progress -d 'Progress on standard error' -r -f -a "auto\t'A bar on a terminal, lines elsewhere and in CI'
bar\t'A progress bar'
plain\t'A line every --progress-interval'
none\t'No progress'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l progress-interval -d 'Time between two lines of plain progress [default: 30s] [env: OSSVEC_PROGRESS_INTERVAL]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s i -l access-key-id -d 'Access key ID [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s k -l access-key-secret -d 'Key secret [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s t -l sts-token -d 'Security token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l mode -d 'Source of the credential' -r -f -a "AK\t'A permanent access key'
StsToken\t'A temporary access key with a security token'
RamRoleArn\t'A RAM role, assumed with the access key'
EcsRamRole\t'The RAM role of this ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l role-arn -d 'RAM role to assume [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l role-session-name -d 'Session name for the role [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l region -d 'Region [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s e -l endpoint -d 'Service host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l account-id -d 'Bucket owner\'s UID [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l addressing-style -d 'Position of the bucket name in URLs [default: virtual]' -r -f -a "virtual\t'In the host name'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l connect-timeout -d 'Maximum time to establish a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l read-timeout -d 'Maximum time without a byte sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l retry-times -d 'Maximum retries per request [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l ca-bundle -d 'PEM file with CA certificates to trust' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l proxy -d 'Proxy URL, or env to use the proxy variables [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l create-index -d 'Create the index if it does not exist'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l local -d 'Load into a local service; needs no account'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l skip-bad-files -d 'Skip files that cannot be loaded'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l strict -d 'Treat notes on the input as errors'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l no-header -d 'Treat the first row as data'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l multiline-cells -d 'Allow quoted cells with lines that look like records'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l check -d 'Ask the service and check the first records without sending anything'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s n -l dry-run -d 'Check all input without sending anything'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l resume -d 'Continue the load where an earlier run stopped'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l skip-verify-cert -d 'Do not verify the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s q -l quiet -d 'Print only errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l bucket -d 'Vector bucket to load into' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l index-name -d 'Index to load into' -r -f -a "(__ossvec_index_names)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l dimension -d 'Number of elements in each vector' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l distance-metric -d 'Distance metric for a new index' -r -f -a "cosine\t'Angle between vectors'
euclidean\t'Straight-line distance between vectors'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l non-filterable-metadata-keys -d 'Metadata fields that queries cannot filter by, for --create-index and --dry-run' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l data-dir -d 'Directory for the local service\'s data' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l vectors -d 'Vectors in the form of ossutil: JSON, file://PATH, or - for standard input' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l files-from -d 'Load the files that this file lists, after the inputs named here; - for standard input' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l format -d 'Format of the input' -r -f -a "auto\t'By content, then by file name'
json\t'An array, an object that contains one, or concatenated objects'
jsonl\t'One JSON object per line'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
parquet\t'An Apache Parquet file'
arrow\t'An Apache Arrow file (Feather) or stream'
npy\t'A NumPy array'
npz\t'NumPy arrays in one archive'
fvecs\t'float32 vectors, each after its length'
bvecs\t'uint8 vectors, each after its length'
fbin\t'float32 vectors after their number and dimension'
u8bin\t'uint8 vectors after their number and dimension'
float32\t'float32 numbers without a header; requires --dimension'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l encoding -d 'Encoding of the text, such as gb18030, big5, shift_jis, euc-kr, utf-16 or latin-1' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l key -d 'Field or column with the key' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l vector -d 'Field or column with the vector' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l metadata -d 'Fields or columns to store as metadata; \'*\' for all' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l keys-from -d 'File with the keys of vectors that have none, in the same order' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l metadata-from -d 'File with the metadata of vectors without keys, in the same order' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l key-template -d 'Key of each vector without one, made of its file and row, such as \'{file}-{row}\'' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l join -d 'Add the record of this file that has the same key to each JSON record, as its field joined' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l metadata-values -d 'How to treat numbers and booleans in metadata' -r -f -a "reject\t'Reject the record'
text\t'Store them as text; null and NaN are omitted'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l min-records -d 'Fail if all inputs together hold fewer records than this' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l lint -d 'How to treat vectors that would spoil search results [default: note] [env: OSSVEC_LINT]' -r -f -a "note\t'Store them and report how many there are, and the first of each kind'
deny\t'Reject them'
off\t'Do not look for them'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l delimiter -d 'Character between cells, or tab' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l quote -d 'Character around quoted cells, or none' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l escape -d 'Character that escapes a quote inside a quoted cell' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l comment -d 'Skip lines that start with this character' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l null -d 'Treat unquoted cells with exactly this text as empty, such as NULL or \\N' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l batch-size -d 'Maximum vectors per request, 1 to 500' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l batch-bytes -d 'Maximum size of a request' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l requests-per-second -d 'Maximum requests per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l vectors-per-second -d 'Maximum vectors per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s j -l job -d 'Maximum concurrent requests' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l memory -d 'Maximum memory for batches, waiting and in flight' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l retry-max-time -d 'Maximum time to keep retrying a request' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l retry-first-contact -d 'Maximum time to keep trying to reach the service for the first time' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l verify -d 'Which batches to read back' -r -f -a "unknown\t'Batches that got no response'
all\t'All batches'
none\t'No batches'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l content-md5 -d 'Whether requests carry a Content-MD5 header' -r -f -a "auto\t'Always, as far as is known of the service'
always\t'Every request'
never\t'No request; saves processor time'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l max-rejects -d 'Maximum rejected records' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l rejects -d 'Write rejected records to this file' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l on-change -d 'With --resume, what to do with an input that was loaded in part and has changed or is gone' -r -f -a "refuse\t'The run ends'
restart\t'It is loaded from its beginning, or left out if it is gone'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l checkpoint-dir -d 'Directory for the journals of loads' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l events -d 'Write JSON events to this file; - for standard output' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l metrics-file -d 'Write the state of the run to this file for Prometheus' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l output-format -d 'Format of the summary' -r -f -a "text\t'Lines of text'
json\t'A JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l progress -d 'Progress on standard error' -r -f -a "auto\t'A bar on a terminal, lines elsewhere and in CI'
bar\t'A progress bar'
plain\t'A line every --progress-interval'
none\t'No progress'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l progress-interval -d 'Time between two lines of plain progress [default: 30s] [env: OSSVEC_PROGRESS_INTERVAL]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s i -l access-key-id -d 'Access key ID [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s k -l access-key-secret -d 'Key secret [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s t -l sts-token -d 'Security token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l mode -d 'Source of the credential' -r -f -a "AK\t'A permanent access key'
StsToken\t'A temporary access key with a security token'
RamRoleArn\t'A RAM role, assumed with the access key'
EcsRamRole\t'The RAM role of this ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l role-arn -d 'RAM role to assume [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l role-session-name -d 'Session name for the role [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l region -d 'Region [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s e -l endpoint -d 'Service host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l account-id -d 'Bucket owner\'s UID [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l addressing-style -d 'Position of the bucket name in URLs [default: virtual]' -r -f -a "virtual\t'In the host name'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l connect-timeout -d 'Maximum time to establish a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l read-timeout -d 'Maximum time without a byte sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l retry-times -d 'Maximum retries per request [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l ca-bundle -d 'PEM file with CA certificates to trust' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l proxy -d 'Proxy URL, or env to use the proxy variables [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l create-index -d 'Create the index if it does not exist'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l local -d 'Load into a local service; needs no account'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l skip-bad-files -d 'Skip files that cannot be loaded'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l strict -d 'Treat notes on the input as errors'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l no-header -d 'Treat the first row as data'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l multiline-cells -d 'Allow quoted cells with lines that look like records'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l check -d 'Ask the service and check the first records without sending anything'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s n -l dry-run -d 'Check all input without sending anything'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l resume -d 'Continue the load where an earlier run stopped'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l skip-verify-cert -d 'Do not verify the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s q -l quiet -d 'Print only errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l bucket -d 'Vector bucket of the index' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l index-name -d 'Index to check' -r -f -a "(__ossvec_index_names)"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l dimension -d 'Number of elements that the index must have in each vector' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l distance-metric -d 'Distance metric that the index must have' -r -f -a "cosine\t'Angle between vectors'
euclidean\t'Straight-line distance between vectors'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l data-dir -d 'Directory for the local service\'s data' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l vectors -d 'Vectors in the form of ossutil: JSON, file://PATH, or - for standard input' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l files-from -d 'Load the files that this file lists, after the inputs named here; - for standard input' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l format -d 'Format of the input' -r -f -a "auto\t'By content, then by file name'
json\t'An array, an object that contains one, or concatenated objects'
jsonl\t'One JSON object per line'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
parquet\t'An Apache Parquet file'
arrow\t'An Apache Arrow file (Feather) or stream'
npy\t'A NumPy array'
npz\t'NumPy arrays in one archive'
fvecs\t'float32 vectors, each after its length'
bvecs\t'uint8 vectors, each after its length'
fbin\t'float32 vectors after their number and dimension'
u8bin\t'uint8 vectors after their number and dimension'
float32\t'float32 numbers without a header; requires --dimension'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l encoding -d 'Encoding of the text, such as gb18030, big5, shift_jis, euc-kr, utf-16 or latin-1' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l key -d 'Field or column with the key' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l vector -d 'Field or column with the vector' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l metadata -d 'Fields or columns to store as metadata; \'*\' for all' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l keys-from -d 'File with the keys of vectors that have none, in the same order' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l metadata-from -d 'File with the metadata of vectors without keys, in the same order' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l key-template -d 'Key of each vector without one, made of its file and row, such as \'{file}-{row}\'' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l join -d 'Add the record of this file that has the same key to each JSON record, as its field joined' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l metadata-values -d 'How to treat numbers and booleans in metadata' -r -f -a "reject\t'Reject the record'
text\t'Store them as text; null and NaN are omitted'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l min-records -d 'Fail if all inputs together hold fewer records than this' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l lint -d 'How to treat vectors that would spoil search results [default: note] [env: OSSVEC_LINT]' -r -f -a "note\t'Store them and report how many there are, and the first of each kind'
deny\t'Reject them'
off\t'Do not look for them'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l delimiter -d 'Character between cells, or tab' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l quote -d 'Character around quoted cells, or none' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l escape -d 'Character that escapes a quote inside a quoted cell' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l comment -d 'Skip lines that start with this character' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l null -d 'Treat unquoted cells with exactly this text as empty, such as NULL or \\N' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l batch-size -d 'Maximum vectors per request; never more than 100' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l batch-bytes -d 'Maximum size of a request; larger records are rejected' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l requests-per-second -d 'Maximum requests per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l vectors-per-second -d 'Maximum vectors per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s j -l job -d 'Maximum concurrent requests' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l memory -d 'Maximum memory for batches, waiting and in flight' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l retry-max-time -d 'Maximum time to keep retrying a request' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l retry-first-contact -d 'Maximum time to keep trying to reach the service for the first time' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l content-md5 -d 'Whether requests carry a Content-MD5 header' -r -f -a "auto\t'Always, as far as is known of the service'
always\t'Every request'
never\t'No request; saves processor time'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l max-rejects -d 'Maximum differing, missing and rejected records' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l rejects -d 'Write differing, missing and rejected records to this file' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l on-change -d 'With --resume, what to do with an input that was checked in part and has changed or is gone' -r -f -a "refuse\t'The run ends'
restart\t'It is loaded from its beginning, or left out if it is gone'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l checkpoint-dir -d 'Directory for the journals of loads' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l events -d 'Write JSON events to this file; - for standard output' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l metrics-file -d 'Write the state of the run to this file for Prometheus' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l output-format -d 'Format of the summary' -r -f -a "text\t'Lines of text'
json\t'A JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l progress -d 'Progress on standard error' -r -f -a "auto\t'A bar on a terminal, lines elsewhere and in CI'
bar\t'A progress bar'
plain\t'A line every --progress-interval'
none\t'No progress'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l progress-interval -d 'Time between two lines of plain progress [default: 30s] [env: OSSVEC_PROGRESS_INTERVAL]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l sample -d 'Check only this part of the keys, such as 1%' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s i -l access-key-id -d 'Access key ID [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s k -l access-key-secret -d 'Key secret [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s t -l sts-token -d 'Security token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l mode -d 'Source of the credential' -r -f -a "AK\t'A permanent access key'
StsToken\t'A temporary access key with a security token'
RamRoleArn\t'A RAM role, assumed with the access key'
EcsRamRole\t'The RAM role of this ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l role-arn -d 'RAM role to assume [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l role-session-name -d 'Session name for the role [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l region -d 'Region [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s e -l endpoint -d 'Service host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l account-id -d 'Bucket owner\'s UID [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l addressing-style -d 'Position of the bucket name in URLs [default: virtual]' -r -f -a "virtual\t'In the host name'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l connect-timeout -d 'Maximum time to establish a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l read-timeout -d 'Maximum time without a byte sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l retry-times -d 'Maximum retries per request [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l ca-bundle -d 'PEM file with CA certificates to trust' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l proxy -d 'Proxy URL, or env to use the proxy variables [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l local -d 'Check a local service; needs no account'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l skip-bad-files -d 'Skip files that cannot be read'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l strict -d 'Treat notes on the input as errors'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l no-header -d 'Treat the first row as data'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l multiline-cells -d 'Allow quoted cells with lines that look like records'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l resume -d 'Continue the verification where an earlier run stopped'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -l skip-verify-cert -d 'Do not verify the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s q -l quiet -d 'Print only errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand verify" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand convert" -l key -d 'Name of the field with the key; where the input has no name for it, the name to write' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand convert" -l vector -d 'Name of the field with the vector; where the input has no name for it, the name to write' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand convert" -l encoding -d 'Encoding of the text, such as gb18030, big5, shift_jis, euc-kr, utf-16 or latin-1' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand convert" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s i -l access-key-id -d 'Access key ID [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s k -l access-key-secret -d 'Key secret [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s t -l sts-token -d 'Security token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l mode -d 'Source of the credential' -r -f -a "AK\t'A permanent access key'
StsToken\t'A temporary access key with a security token'
RamRoleArn\t'A RAM role, assumed with the access key'
EcsRamRole\t'The RAM role of this ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l role-arn -d 'RAM role to assume [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l role-session-name -d 'Session name for the role [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l region -d 'Region [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s e -l endpoint -d 'Service host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l account-id -d 'Bucket owner\'s UID [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l addressing-style -d 'Position of the bucket name in URLs [default: virtual]' -r -f -a "virtual\t'In the host name'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l connect-timeout -d 'Maximum time to establish a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l read-timeout -d 'Maximum time without a byte sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l retry-times -d 'Maximum retries per request [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l ca-bundle -d 'PEM file with CA certificates to trust' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l proxy -d 'Proxy URL, or env to use the proxy variables [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l skip-verify-cert -d 'Do not verify the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s q -l quiet -d 'Print only errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -f -a "put-vectors" -d 'Load vectors like `ossvec put-vectors`, printing what ossutil prints'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l bucket -d 'Vector bucket to load into' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l index-name -d 'Index to load into' -r -f -a "(__ossvec_index_names)"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l dimension -d 'Number of elements in each vector' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l distance-metric -d 'Distance metric for a new index' -r -f -a "cosine\t'Angle between vectors'
euclidean\t'Straight-line distance between vectors'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l non-filterable-metadata-keys -d 'Metadata fields that queries cannot filter by, for --create-index and --dry-run' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l data-dir -d 'Directory for the local service\'s data' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l vectors -d 'Vectors in the form of ossutil: JSON, file://PATH, or - for standard input' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l files-from -d 'Load the files that this file lists, after the inputs named here; - for standard input' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l format -d 'Format of the input' -r -f -a "auto\t'By content, then by file name'
json\t'An array, an object that contains one, or concatenated objects'
jsonl\t'One JSON object per line'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
parquet\t'An Apache Parquet file'
arrow\t'An Apache Arrow file (Feather) or stream'
npy\t'A NumPy array'
npz\t'NumPy arrays in one archive'
fvecs\t'float32 vectors, each after its length'
bvecs\t'uint8 vectors, each after its length'
fbin\t'float32 vectors after their number and dimension'
u8bin\t'uint8 vectors after their number and dimension'
float32\t'float32 numbers without a header; requires --dimension'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l encoding -d 'Encoding of the text, such as gb18030, big5, shift_jis, euc-kr, utf-16 or latin-1' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l key -d 'Field or column with the key' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l vector -d 'Field or column with the vector' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l metadata -d 'Fields or columns to store as metadata; \'*\' for all' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l keys-from -d 'File with the keys of vectors that have none, in the same order' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l metadata-from -d 'File with the metadata of vectors without keys, in the same order' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l key-template -d 'Key of each vector without one, made of its file and row, such as \'{file}-{row}\'' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l join -d 'Add the record of this file that has the same key to each JSON record, as its field joined' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l metadata-values -d 'How to treat numbers and booleans in metadata' -r -f -a "reject\t'Reject the record'
text\t'Store them as text; null and NaN are omitted'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l min-records -d 'Fail if all inputs together hold fewer records than this' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l lint -d 'How to treat vectors that would spoil search results [default: note] [env: OSSVEC_LINT]' -r -f -a "note\t'Store them and report how many there are, and the first of each kind'
deny\t'Reject them'
off\t'Do not look for them'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l delimiter -d 'Character between cells, or tab' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l quote -d 'Character around quoted cells, or none' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l escape -d 'Character that escapes a quote inside a quoted cell' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l comment -d 'Skip lines that start with this character' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l null -d 'Treat unquoted cells with exactly this text as empty, such as NULL or \\N' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l batch-size -d 'Maximum vectors per request, 1 to 500' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l batch-bytes -d 'Maximum size of a request' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l requests-per-second -d 'Maximum requests per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l vectors-per-second -d 'Maximum vectors per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s j -l job -d 'Maximum concurrent requests' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l memory -d 'Maximum memory for batches, waiting and in flight' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l retry-max-time -d 'Maximum time to keep retrying a request' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l retry-first-contact -d 'Maximum time to keep trying to reach the service for the first time' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l verify -d 'Which batches to read back' -r -f -a "unknown\t'Batches that got no response'
all\t'All batches'
none\t'No batches'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l content-md5 -d 'Whether requests carry a Content-MD5 header' -r -f -a "auto\t'Always, as far as is known of the service'
always\t'Every request'
never\t'No request; saves processor time'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l max-rejects -d 'Maximum rejected records' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l rejects -d 'Write rejected records to this file' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l on-change -d 'With --resume, what to do with an input that was loaded in part and has changed or is gone' -r -f -a "refuse\t'The run ends'
restart\t'It is loaded from its beginning, or left out if it is gone'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l checkpoint-dir -d 'Directory for the journals of loads' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l events -d 'Write JSON events to this file; - for standard output' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l metrics-file -d 'Write the state of the run to this file for Prometheus' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l output-format -d 'Format of the summary' -r -f -a "text\t'Lines of text'
json\t'A JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l progress -d 'Progress on standard error' -r -f -a "auto\t'A bar on a terminal, lines elsewhere and in CI'
bar\t'A progress bar'
plain\t'A line every --progress-interval'
none\t'No progress'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l progress-interval -d 'Time between two lines of plain progress [default: 30s] [env: OSSVEC_PROGRESS_INTERVAL]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s i -l access-key-id -d 'Access key ID [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s k -l access-key-secret -d 'Key secret [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s t -l sts-token -d 'Security token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l mode -d 'Source of the credential' -r -f -a "AK\t'A permanent access key'
StsToken\t'A temporary access key with a security token'
RamRoleArn\t'A RAM role, assumed with the access key'
EcsRamRole\t'The RAM role of this ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l role-arn -d 'RAM role to assume [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l role-session-name -d 'Session name for the role [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l region -d 'Region [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s e -l endpoint -d 'Service host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l account-id -d 'Bucket owner\'s UID [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l addressing-style -d 'Position of the bucket name in URLs [default: virtual]' -r -f -a "virtual\t'In the host name'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l connect-timeout -d 'Maximum time to establish a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l read-timeout -d 'Maximum time without a byte sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l retry-times -d 'Maximum retries per request [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l ca-bundle -d 'PEM file with CA certificates to trust' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l proxy -d 'Proxy URL, or env to use the proxy variables [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l create-index -d 'Create the index if it does not exist'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l local -d 'Load into a local service; needs no account'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l skip-bad-files -d 'Skip files that cannot be loaded'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l strict -d 'Treat notes on the input as errors'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l no-header -d 'Treat the first row as data'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l multiline-cells -d 'Allow quoted cells with lines that look like records'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l check -d 'Ask the service and check the first records without sending anything'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s n -l dry-run -d 'Check all input without sending anything'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l resume -d 'Continue the load where an earlier run stopped'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l skip-verify-cert -d 'Do not verify the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s q -l quiet -d 'Print only errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand status" -l checkpoint-dir -d 'Directory for the journals of loads' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand status" -l output-format -d 'Format of the output' -r -f -a "text\t'Lines of text'
json\t'A JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand status" -l watch -d 'Show the present state every second, until Ctrl-C'
complete -c ossvec -n "__fish_ossvec_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand status" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l listen -d 'Address to listen on' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l data-dir -d 'Directory for the data' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l requests-per-second -d 'Maximum PutVectors requests per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l vectors-per-second -d 'Maximum vectors per second' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l latency -d 'Delay every response by this time' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l fault -d 'Inject a fault' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -s i -l access-key-id -d 'Access key ID that clients must use [default: local]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -s k -l access-key-secret -d 'Access key secret that clients must use [default: local]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l region -d 'Region that clients must sign for [default: cn-hangzhou]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l account-id -d 'Account that owns all buckets [default: 1234567890]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s i -l access-key-id -d 'Access key ID [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s k -l access-key-secret -d 'Key secret [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s t -l sts-token -d 'Security token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l mode -d 'Source of the credential' -r -f -a "AK\t'A permanent access key'
StsToken\t'A temporary access key with a security token'
RamRoleArn\t'A RAM role, assumed with the access key'
EcsRamRole\t'The RAM role of this ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l role-arn -d 'RAM role to assume [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l role-session-name -d 'Session name for the role [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l region -d 'Region [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s e -l endpoint -d 'Service host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l account-id -d 'Bucket owner\'s UID [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l addressing-style -d 'Position of the bucket name in URLs [default: virtual]' -r -f -a "virtual\t'In the host name'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l connect-timeout -d 'Maximum time to establish a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l read-timeout -d 'Maximum time without a byte sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l retry-times -d 'Maximum retries per request [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l ca-bundle -d 'PEM file with CA certificates to trust' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l proxy -d 'Proxy URL, or env to use the proxy variables [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l skip-verify-cert -d 'Do not verify the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s q -l quiet -d 'Print only errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -f -a "show" -d 'Print every setting that a load would use, with secrets masked'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -f -a "init" -d 'Ask for the settings and write the configuration file'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l bucket -d 'Apply the file\'s settings for this bucket' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l output-format -d 'Format of the output' -r -f -a "text\t'Lines of text'
json\t'A JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s i -l access-key-id -d 'Access key ID [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s k -l access-key-secret -d 'Key secret [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s t -l sts-token -d 'Security token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l mode -d 'Source of the credential' -r -f -a "AK\t'A permanent access key'
StsToken\t'A temporary access key with a security token'
RamRoleArn\t'A RAM role, assumed with the access key'
EcsRamRole\t'The RAM role of this ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l role-arn -d 'RAM role to assume [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l role-session-name -d 'Session name for the role [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l region -d 'Region [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s e -l endpoint -d 'Service host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l account-id -d 'Bucket owner\'s UID [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l addressing-style -d 'Position of the bucket name in URLs [default: virtual]' -r -f -a "virtual\t'In the host name'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l connect-timeout -d 'Maximum time to establish a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l read-timeout -d 'Maximum time without a byte sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l retry-times -d 'Maximum retries per request [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l ca-bundle -d 'PEM file with CA certificates to trust' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l proxy -d 'Proxy URL, or env to use the proxy variables [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l loglevel -d 'Log level [default: off]' -r -f -a "off\t'Nothing'
info\t'The steps of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l log-file -d 'Write the log to this file, or to standard output (-) [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Also print the flag, variable or file section that each setting comes from'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l skip-verify-cert -d 'Do not verify the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from init" -s c -l config-file -d 'Configuration file, shared with ossutil [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from init" -l profile -d 'Profile in the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from init" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand completions" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand completions" -f -a "bash zsh fish powershell"
