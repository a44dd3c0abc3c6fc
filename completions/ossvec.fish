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

complete -c ossvec -n "__fish_ossvec_needs_command" -s i -l access-key-id -d 'Access key id [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -s k -l access-key-secret -d 'Access key secret; other users of the machine can see it while the command runs, the variable is safer [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -s t -l sts-token -d 'Token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l mode -d 'Where the credential comes from; by default what is configured decides' -r -f -a "AK\t'An access key'
StsToken\t'A temporary access key with its token'
RamRoleArn\t'A role that the access key assumes'
EcsRamRole\t'The role of the ECS instance'"
complete -c ossvec -n "__fish_ossvec_needs_command" -l role-arn -d 'Role that the credential assumes [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l role-session-name -d 'Name under which the use of the role is logged [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l region -d 'Region id, such as cn-hangzhou [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -s e -l endpoint -d 'Host of the service, or the whole URL of a bucket; by default the region\'s public host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l account-id -d 'Account id (UID) of the bucket\'s owner, digits only [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -s c -l config-file -d 'ossutil\'s configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_needs_command" -l profile -d 'Profile of the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l addressing-style -d 'Where the bucket\'s name stands in the URL; an IP address is always addressed by path [default: virtual]' -r -f -a "virtual\t'In the host'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_needs_command" -l connect-timeout -d 'How long to wait for a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l read-timeout -d 'How long to wait while no byte is sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l retry-times -d 'How often one request is tried again; throttled answers do not count. --retry-max-time usually ends first [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l ca-bundle -d 'A file with certificates in PEM form that are trusted beside the system\'s' -r -F
complete -c ossvec -n "__fish_ossvec_needs_command" -l proxy -d 'Proxy: its URL, or env for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; never used for this machine itself [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_needs_command" -l loglevel -d 'What is logged: info tells the course of a load, debug every request [default: off]' -r -f -a "off\t'Nothing'
info\t'The course of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_needs_command" -l log-file -d 'Where the log goes; - is standard output [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_needs_command" -l skip-verify-cert -d 'Do not check the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_needs_command" -s q -l quiet -d 'Print nothing but errors and the summary'
complete -c ossvec -n "__fish_ossvec_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_needs_command" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "put-vectors" -d 'Load vectors from JSON, JSONL, CSV or TSV into an index'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "put" -d 'Load vectors from JSON, JSONL, CSV or TSV into an index'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "vectors-api" -d 'Commands in ossutil\'s own form'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "serve" -d 'Run a local OSS Vectors service'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "config" -d 'Show the settings and where they come from, or write them into ossutil\'s configuration file'
complete -c ossvec -n "__fish_ossvec_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l bucket -d 'Vector bucket' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l index-name -d 'Index in the bucket' -r -f -a "(__ossvec_index_names)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l dimension -d 'Number of elements of every vector [default: that of the index, else the one that the first records agree on]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l distance-metric -d 'How the distance of two vectors is measured; needed to create an index' -r -f -a "cosine\t'By the angle between them'
euclidean\t'By the length of their difference'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l non-filterable-metadata-keys -d 'Metadata fields that queries cannot filter by, for --create-index and --dry-run' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l data-dir -d 'Where the local service keeps its data [default: ~/.local/share/ossvec; on macOS and Windows the folder ossvec in the user\'s application data]' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l vectors -d 'The vectors as ossutil takes them: JSON text, file://PATH, or - for standard input' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l format -d 'Format of the input' -r -f -a "auto\t'By content, then by name'
json\t'An array, an object holding one, or objects one after another'
jsonl\t'One JSON object a line'
csv\t'Comma-separated with a header'
tsv\t'Tab-separated with a header'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l key -d 'Field or column that holds the key; a path is joined by dots [default: the first of key, id, _id, uuid, doc_id, custom_id, recordId]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l vector -d 'Field or column that holds the vector; a path is joined by dots [default: data.float32, vector, values, embedding or emb]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l metadata -d 'Fields or columns that hold metadata: an object\'s members, or one value each; \'*\' is every field but key and vector, -FIELD leaves one out [default: the object metadata, payload or properties]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l metadata-values -d 'Numbers and booleans in metadata: reject the record, or write them as text' -r -f -a "reject\t'The record is rejected'
text\t'They are written as text; null and NaN are left out'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l min-records -d 'Fail when all inputs together hold fewer records, earlier runs of the load included' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l delimiter -d 'Character between cells, or tab; by default recognised among comma, tab and semicolon' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l quote -d 'Character around quoted cells; none for files that never quote, such as the dumps of databases [default: "]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l escape -d 'Character before a quote inside a quoted cell, such as \\ in the files of Spark; a doubled quote always counts' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l comment -d 'Lines that start with this character are passed over' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l null -d 'An unquoted cell of exactly this text is an empty one, such as NULL or \\N' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l batch-size -d 'How many vectors go into one request at most, 1 to 500' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l batch-bytes -d 'How large one request is at most' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l requests-per-second -d 'How many requests are sent in a second at most; 0 is no limit' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l vectors-per-second -d 'How many vectors are sent in a second at most; 0 is no limit' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s j -l job -d 'How many requests are in flight at once at most' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l memory -d 'How much memory all batches take at most, those that wait and those in flight' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l retry-max-time -d 'How long one request is tried before it is given up' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l verify -d 'Which batches are read back to see whether they are stored; all makes a load up to six times as long, since each 100 vectors are one request more' -r -f -a "unknown\t'Those whose answer never came'
all\t'All'
none\t'None'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l max-rejects -d 'Stop when more records are rejected: a number, a part of those read (5%), or none' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l rejects -d 'Where rejected records go, one JSON line each, ready to be mended and fed again [default: rejects.jsonl beside the load\'s journal]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l checkpoint-dir -d 'Where the journals of loads are kept [default: ~/.local/state/ossvec; on macOS and Windows the folder ossvec in the user\'s application data]' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l events -d 'Where events go, one JSON line each; - is standard output' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l output-format -d 'Form of the summary on standard output' -r -f -a "text\t'Lines for people'
json\t'One JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l progress -d 'Progress on standard error; whatever the style, SIGUSR1 prints a line at once' -r -f -a "auto\t'A bar on a terminal, plain lines elsewhere and under CI'
bar\t'A bar'
plain\t'A line every 30 seconds'
none\t'Nothing'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s i -l access-key-id -d 'Access key id [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s k -l access-key-secret -d 'Access key secret; other users of the machine can see it while the command runs, the variable is safer [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s t -l sts-token -d 'Token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l mode -d 'Where the credential comes from; by default what is configured decides' -r -f -a "AK\t'An access key'
StsToken\t'A temporary access key with its token'
RamRoleArn\t'A role that the access key assumes'
EcsRamRole\t'The role of the ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l role-arn -d 'Role that the credential assumes [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l role-session-name -d 'Name under which the use of the role is logged [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l region -d 'Region id, such as cn-hangzhou [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s e -l endpoint -d 'Host of the service, or the whole URL of a bucket; by default the region\'s public host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l account-id -d 'Account id (UID) of the bucket\'s owner, digits only [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s c -l config-file -d 'ossutil\'s configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l profile -d 'Profile of the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l addressing-style -d 'Where the bucket\'s name stands in the URL; an IP address is always addressed by path [default: virtual]' -r -f -a "virtual\t'In the host'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l connect-timeout -d 'How long to wait for a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l read-timeout -d 'How long to wait while no byte is sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l retry-times -d 'How often one request is tried again; throttled answers do not count. --retry-max-time usually ends first [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l ca-bundle -d 'A file with certificates in PEM form that are trusted beside the system\'s' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l proxy -d 'Proxy: its URL, or env for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; never used for this machine itself [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l loglevel -d 'What is logged: info tells the course of a load, debug every request [default: off]' -r -f -a "off\t'Nothing'
info\t'The course of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l log-file -d 'Where the log goes; - is standard output [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l create-index -d 'Create the index if it is missing, with the dimension that the first records agree on'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l local -d 'Load into a service inside this command, stored on this machine; needs no account'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l skip-bad-files -d 'Leave out files that cannot be loaded, and load the others; without it, nothing is sent'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l strict -d 'Stop at what is otherwise only noted: fields that are not stored, keys of different fields, several namespaces'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l no-header -d 'The first row is data; columns are named by their numbers from 1: --key 1 --vector 2 --metadata 3'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l multiline-cells -d 'Quoted cells may hold lines that read as records of the table'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s n -l dry-run -d 'Read and check everything, send nothing; needs no credentials'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l resume -d 'Go on where an earlier run of the same load stopped. Where none stopped, and after a complete load, start from the beginning'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -l skip-verify-cert -d 'Do not check the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s q -l quiet -d 'Print nothing but errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand put-vectors" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l bucket -d 'Vector bucket' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l index-name -d 'Index in the bucket' -r -f -a "(__ossvec_index_names)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l dimension -d 'Number of elements of every vector [default: that of the index, else the one that the first records agree on]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l distance-metric -d 'How the distance of two vectors is measured; needed to create an index' -r -f -a "cosine\t'By the angle between them'
euclidean\t'By the length of their difference'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l non-filterable-metadata-keys -d 'Metadata fields that queries cannot filter by, for --create-index and --dry-run' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l data-dir -d 'Where the local service keeps its data [default: ~/.local/share/ossvec; on macOS and Windows the folder ossvec in the user\'s application data]' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l vectors -d 'The vectors as ossutil takes them: JSON text, file://PATH, or - for standard input' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l format -d 'Format of the input' -r -f -a "auto\t'By content, then by name'
json\t'An array, an object holding one, or objects one after another'
jsonl\t'One JSON object a line'
csv\t'Comma-separated with a header'
tsv\t'Tab-separated with a header'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l key -d 'Field or column that holds the key; a path is joined by dots [default: the first of key, id, _id, uuid, doc_id, custom_id, recordId]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l vector -d 'Field or column that holds the vector; a path is joined by dots [default: data.float32, vector, values, embedding or emb]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l metadata -d 'Fields or columns that hold metadata: an object\'s members, or one value each; \'*\' is every field but key and vector, -FIELD leaves one out [default: the object metadata, payload or properties]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l metadata-values -d 'Numbers and booleans in metadata: reject the record, or write them as text' -r -f -a "reject\t'The record is rejected'
text\t'They are written as text; null and NaN are left out'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l min-records -d 'Fail when all inputs together hold fewer records, earlier runs of the load included' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l delimiter -d 'Character between cells, or tab; by default recognised among comma, tab and semicolon' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l quote -d 'Character around quoted cells; none for files that never quote, such as the dumps of databases [default: "]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l escape -d 'Character before a quote inside a quoted cell, such as \\ in the files of Spark; a doubled quote always counts' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l comment -d 'Lines that start with this character are passed over' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l null -d 'An unquoted cell of exactly this text is an empty one, such as NULL or \\N' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l batch-size -d 'How many vectors go into one request at most, 1 to 500' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l batch-bytes -d 'How large one request is at most' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l requests-per-second -d 'How many requests are sent in a second at most; 0 is no limit' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l vectors-per-second -d 'How many vectors are sent in a second at most; 0 is no limit' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s j -l job -d 'How many requests are in flight at once at most' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l memory -d 'How much memory all batches take at most, those that wait and those in flight' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l retry-max-time -d 'How long one request is tried before it is given up' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l verify -d 'Which batches are read back to see whether they are stored; all makes a load up to six times as long, since each 100 vectors are one request more' -r -f -a "unknown\t'Those whose answer never came'
all\t'All'
none\t'None'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l max-rejects -d 'Stop when more records are rejected: a number, a part of those read (5%), or none' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l rejects -d 'Where rejected records go, one JSON line each, ready to be mended and fed again [default: rejects.jsonl beside the load\'s journal]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l checkpoint-dir -d 'Where the journals of loads are kept [default: ~/.local/state/ossvec; on macOS and Windows the folder ossvec in the user\'s application data]' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l events -d 'Where events go, one JSON line each; - is standard output' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l output-format -d 'Form of the summary on standard output' -r -f -a "text\t'Lines for people'
json\t'One JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l progress -d 'Progress on standard error; whatever the style, SIGUSR1 prints a line at once' -r -f -a "auto\t'A bar on a terminal, plain lines elsewhere and under CI'
bar\t'A bar'
plain\t'A line every 30 seconds'
none\t'Nothing'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s i -l access-key-id -d 'Access key id [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s k -l access-key-secret -d 'Access key secret; other users of the machine can see it while the command runs, the variable is safer [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s t -l sts-token -d 'Token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l mode -d 'Where the credential comes from; by default what is configured decides' -r -f -a "AK\t'An access key'
StsToken\t'A temporary access key with its token'
RamRoleArn\t'A role that the access key assumes'
EcsRamRole\t'The role of the ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l role-arn -d 'Role that the credential assumes [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l role-session-name -d 'Name under which the use of the role is logged [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l region -d 'Region id, such as cn-hangzhou [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s e -l endpoint -d 'Host of the service, or the whole URL of a bucket; by default the region\'s public host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l account-id -d 'Account id (UID) of the bucket\'s owner, digits only [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s c -l config-file -d 'ossutil\'s configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l profile -d 'Profile of the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l addressing-style -d 'Where the bucket\'s name stands in the URL; an IP address is always addressed by path [default: virtual]' -r -f -a "virtual\t'In the host'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l connect-timeout -d 'How long to wait for a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l read-timeout -d 'How long to wait while no byte is sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l retry-times -d 'How often one request is tried again; throttled answers do not count. --retry-max-time usually ends first [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l ca-bundle -d 'A file with certificates in PEM form that are trusted beside the system\'s' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l proxy -d 'Proxy: its URL, or env for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; never used for this machine itself [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l loglevel -d 'What is logged: info tells the course of a load, debug every request [default: off]' -r -f -a "off\t'Nothing'
info\t'The course of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l log-file -d 'Where the log goes; - is standard output [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l create-index -d 'Create the index if it is missing, with the dimension that the first records agree on'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l local -d 'Load into a service inside this command, stored on this machine; needs no account'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l skip-bad-files -d 'Leave out files that cannot be loaded, and load the others; without it, nothing is sent'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l strict -d 'Stop at what is otherwise only noted: fields that are not stored, keys of different fields, several namespaces'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l no-header -d 'The first row is data; columns are named by their numbers from 1: --key 1 --vector 2 --metadata 3'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l multiline-cells -d 'Quoted cells may hold lines that read as records of the table'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s n -l dry-run -d 'Read and check everything, send nothing; needs no credentials'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l resume -d 'Go on where an earlier run of the same load stopped. Where none stopped, and after a complete load, start from the beginning'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -l skip-verify-cert -d 'Do not check the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s q -l quiet -d 'Print nothing but errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand put" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s i -l access-key-id -d 'Access key id [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s k -l access-key-secret -d 'Access key secret; other users of the machine can see it while the command runs, the variable is safer [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s t -l sts-token -d 'Token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l mode -d 'Where the credential comes from; by default what is configured decides' -r -f -a "AK\t'An access key'
StsToken\t'A temporary access key with its token'
RamRoleArn\t'A role that the access key assumes'
EcsRamRole\t'The role of the ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l role-arn -d 'Role that the credential assumes [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l role-session-name -d 'Name under which the use of the role is logged [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l region -d 'Region id, such as cn-hangzhou [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s e -l endpoint -d 'Host of the service, or the whole URL of a bucket; by default the region\'s public host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l account-id -d 'Account id (UID) of the bucket\'s owner, digits only [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s c -l config-file -d 'ossutil\'s configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l profile -d 'Profile of the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l addressing-style -d 'Where the bucket\'s name stands in the URL; an IP address is always addressed by path [default: virtual]' -r -f -a "virtual\t'In the host'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l connect-timeout -d 'How long to wait for a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l read-timeout -d 'How long to wait while no byte is sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l retry-times -d 'How often one request is tried again; throttled answers do not count. --retry-max-time usually ends first [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l ca-bundle -d 'A file with certificates in PEM form that are trusted beside the system\'s' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l proxy -d 'Proxy: its URL, or env for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; never used for this machine itself [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l loglevel -d 'What is logged: info tells the course of a load, debug every request [default: off]' -r -f -a "off\t'Nothing'
info\t'The course of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l log-file -d 'Where the log goes; - is standard output [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -l skip-verify-cert -d 'Do not check the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s q -l quiet -d 'Print nothing but errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and not __fish_seen_subcommand_from put-vectors" -f -a "put-vectors" -d 'Load vectors as `ossvec put-vectors` does; prints what ossutil prints'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l bucket -d 'Vector bucket' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l index-name -d 'Index in the bucket' -r -f -a "(__ossvec_index_names)"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l dimension -d 'Number of elements of every vector [default: that of the index, else the one that the first records agree on]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l distance-metric -d 'How the distance of two vectors is measured; needed to create an index' -r -f -a "cosine\t'By the angle between them'
euclidean\t'By the length of their difference'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l non-filterable-metadata-keys -d 'Metadata fields that queries cannot filter by, for --create-index and --dry-run' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l data-dir -d 'Where the local service keeps its data [default: ~/.local/share/ossvec; on macOS and Windows the folder ossvec in the user\'s application data]' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l vectors -d 'The vectors as ossutil takes them: JSON text, file://PATH, or - for standard input' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l format -d 'Format of the input' -r -f -a "auto\t'By content, then by name'
json\t'An array, an object holding one, or objects one after another'
jsonl\t'One JSON object a line'
csv\t'Comma-separated with a header'
tsv\t'Tab-separated with a header'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l key -d 'Field or column that holds the key; a path is joined by dots [default: the first of key, id, _id, uuid, doc_id, custom_id, recordId]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l vector -d 'Field or column that holds the vector; a path is joined by dots [default: data.float32, vector, values, embedding or emb]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l metadata -d 'Fields or columns that hold metadata: an object\'s members, or one value each; \'*\' is every field but key and vector, -FIELD leaves one out [default: the object metadata, payload or properties]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l metadata-values -d 'Numbers and booleans in metadata: reject the record, or write them as text' -r -f -a "reject\t'The record is rejected'
text\t'They are written as text; null and NaN are left out'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l min-records -d 'Fail when all inputs together hold fewer records, earlier runs of the load included' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l delimiter -d 'Character between cells, or tab; by default recognised among comma, tab and semicolon' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l quote -d 'Character around quoted cells; none for files that never quote, such as the dumps of databases [default: "]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l escape -d 'Character before a quote inside a quoted cell, such as \\ in the files of Spark; a doubled quote always counts' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l comment -d 'Lines that start with this character are passed over' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l null -d 'An unquoted cell of exactly this text is an empty one, such as NULL or \\N' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l batch-size -d 'How many vectors go into one request at most, 1 to 500' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l batch-bytes -d 'How large one request is at most' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l requests-per-second -d 'How many requests are sent in a second at most; 0 is no limit' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l vectors-per-second -d 'How many vectors are sent in a second at most; 0 is no limit' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s j -l job -d 'How many requests are in flight at once at most' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l memory -d 'How much memory all batches take at most, those that wait and those in flight' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l retry-max-time -d 'How long one request is tried before it is given up' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l verify -d 'Which batches are read back to see whether they are stored; all makes a load up to six times as long, since each 100 vectors are one request more' -r -f -a "unknown\t'Those whose answer never came'
all\t'All'
none\t'None'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l max-rejects -d 'Stop when more records are rejected: a number, a part of those read (5%), or none' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l rejects -d 'Where rejected records go, one JSON line each, ready to be mended and fed again [default: rejects.jsonl beside the load\'s journal]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l checkpoint-dir -d 'Where the journals of loads are kept [default: ~/.local/state/ossvec; on macOS and Windows the folder ossvec in the user\'s application data]' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l events -d 'Where events go, one JSON line each; - is standard output' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l output-format -d 'Form of the summary on standard output' -r -f -a "text\t'Lines for people'
json\t'One JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l progress -d 'Progress on standard error; whatever the style, SIGUSR1 prints a line at once' -r -f -a "auto\t'A bar on a terminal, plain lines elsewhere and under CI'
bar\t'A bar'
plain\t'A line every 30 seconds'
none\t'Nothing'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s i -l access-key-id -d 'Access key id [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s k -l access-key-secret -d 'Access key secret; other users of the machine can see it while the command runs, the variable is safer [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s t -l sts-token -d 'Token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l mode -d 'Where the credential comes from; by default what is configured decides' -r -f -a "AK\t'An access key'
StsToken\t'A temporary access key with its token'
RamRoleArn\t'A role that the access key assumes'
EcsRamRole\t'The role of the ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l role-arn -d 'Role that the credential assumes [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l role-session-name -d 'Name under which the use of the role is logged [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l region -d 'Region id, such as cn-hangzhou [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s e -l endpoint -d 'Host of the service, or the whole URL of a bucket; by default the region\'s public host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l account-id -d 'Account id (UID) of the bucket\'s owner, digits only [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s c -l config-file -d 'ossutil\'s configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l profile -d 'Profile of the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l addressing-style -d 'Where the bucket\'s name stands in the URL; an IP address is always addressed by path [default: virtual]' -r -f -a "virtual\t'In the host'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l connect-timeout -d 'How long to wait for a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l read-timeout -d 'How long to wait while no byte is sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l retry-times -d 'How often one request is tried again; throttled answers do not count. --retry-max-time usually ends first [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l ca-bundle -d 'A file with certificates in PEM form that are trusted beside the system\'s' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l proxy -d 'Proxy: its URL, or env for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; never used for this machine itself [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l loglevel -d 'What is logged: info tells the course of a load, debug every request [default: off]' -r -f -a "off\t'Nothing'
info\t'The course of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l log-file -d 'Where the log goes; - is standard output [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l create-index -d 'Create the index if it is missing, with the dimension that the first records agree on'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l local -d 'Load into a service inside this command, stored on this machine; needs no account'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l skip-bad-files -d 'Leave out files that cannot be loaded, and load the others; without it, nothing is sent'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l strict -d 'Stop at what is otherwise only noted: fields that are not stored, keys of different fields, several namespaces'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l no-header -d 'The first row is data; columns are named by their numbers from 1: --key 1 --vector 2 --metadata 3'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l multiline-cells -d 'Quoted cells may hold lines that read as records of the table'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s n -l dry-run -d 'Read and check everything, send nothing; needs no credentials'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l resume -d 'Go on where an earlier run of the same load stopped. Where none stopped, and after a complete load, start from the beginning'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -l skip-verify-cert -d 'Do not check the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s q -l quiet -d 'Print nothing but errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand vectors-api; and __fish_seen_subcommand_from put-vectors" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l listen -d 'Address to listen on' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l data-dir -d 'Where data is kept [default: ~/.local/share/ossvec; on macOS and Windows the folder ossvec in the user\'s application data]' -r -f -a "(__fish_complete_directories)"
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l requests-per-second -d 'How many PutVectors requests are taken in a second; 0 is no limit' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l vectors-per-second -d 'How many vectors are taken in a second; 0 is no limit' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l latency -d 'Time added to every answer' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l fault -d 'Scripted trouble, such as op=PutVectors,nth=3,status=503,code=InternalError,apply=half; repeatable' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -s i -l access-key-id -d 'Access key id that may ask [default: local]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -s k -l access-key-secret -d 'Its secret [default: local]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l region -d 'Region that requests must be signed for [default: cn-hangzhou]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l account-id -d 'Account that all buckets belong to [default: 1234567890]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l loglevel -d 'What is logged: info tells the course of a load, debug every request [default: off]' -r -f -a "off\t'Nothing'
info\t'The course of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -l log-file -d 'Where the log goes; - is standard output [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand serve" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s i -l access-key-id -d 'Access key id [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s k -l access-key-secret -d 'Access key secret; other users of the machine can see it while the command runs, the variable is safer [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s t -l sts-token -d 'Token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l mode -d 'Where the credential comes from; by default what is configured decides' -r -f -a "AK\t'An access key'
StsToken\t'A temporary access key with its token'
RamRoleArn\t'A role that the access key assumes'
EcsRamRole\t'The role of the ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l role-arn -d 'Role that the credential assumes [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l role-session-name -d 'Name under which the use of the role is logged [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l region -d 'Region id, such as cn-hangzhou [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s e -l endpoint -d 'Host of the service, or the whole URL of a bucket; by default the region\'s public host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l account-id -d 'Account id (UID) of the bucket\'s owner, digits only [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s c -l config-file -d 'ossutil\'s configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l profile -d 'Profile of the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l addressing-style -d 'Where the bucket\'s name stands in the URL; an IP address is always addressed by path [default: virtual]' -r -f -a "virtual\t'In the host'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l connect-timeout -d 'How long to wait for a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l read-timeout -d 'How long to wait while no byte is sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l retry-times -d 'How often one request is tried again; throttled answers do not count. --retry-max-time usually ends first [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l ca-bundle -d 'A file with certificates in PEM form that are trusted beside the system\'s' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l proxy -d 'Proxy: its URL, or env for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; never used for this machine itself [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l loglevel -d 'What is logged: info tells the course of a load, debug every request [default: off]' -r -f -a "off\t'Nothing'
info\t'The course of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l log-file -d 'Where the log goes; - is standard output [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -l skip-verify-cert -d 'Do not check the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s q -l quiet -d 'Print nothing but errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -f -a "show" -d 'Print every setting that a load would use; secrets are masked'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and not __fish_seen_subcommand_from show init" -f -a "init" -d 'Ask for the settings and write them into the configuration file, which only its owner can read'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l bucket -d 'For this bucket: the file may say something of its own about it' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l output-format -d 'Form of the output' -r -f -a "text\t'Lines for people'
json\t'One JSON document'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s i -l access-key-id -d 'Access key id [env: OSS_ACCESS_KEY_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s k -l access-key-secret -d 'Access key secret; other users of the machine can see it while the command runs, the variable is safer [env: OSS_ACCESS_KEY_SECRET]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s t -l sts-token -d 'Token of a temporary access key [env: OSS_SESSION_TOKEN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l mode -d 'Where the credential comes from; by default what is configured decides' -r -f -a "AK\t'An access key'
StsToken\t'A temporary access key with its token'
RamRoleArn\t'A role that the access key assumes'
EcsRamRole\t'The role of the ECS instance'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l role-arn -d 'Role that the credential assumes [env: OSS_ROLE_ARN]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l role-session-name -d 'Name under which the use of the role is logged [default: ossvec] [env: OSS_ROLE_SESSION_NAME]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l region -d 'Region id, such as cn-hangzhou [env: OSS_REGION]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s e -l endpoint -d 'Host of the service, or the whole URL of a bucket; by default the region\'s public host [env: OSS_ENDPOINT]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l account-id -d 'Account id (UID) of the bucket\'s owner, digits only [env: OSS_ACCOUNT_ID]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s c -l config-file -d 'ossutil\'s configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'Profile of the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l addressing-style -d 'Where the bucket\'s name stands in the URL; an IP address is always addressed by path [default: virtual]' -r -f -a "virtual\t'In the host'
path\t'In the path'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l connect-timeout -d 'How long to wait for a connection [default: 10s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l read-timeout -d 'How long to wait while no byte is sent or received [default: 20s]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l retry-times -d 'How often one request is tried again; throttled answers do not count. --retry-max-time usually ends first [default: 100]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l ca-bundle -d 'A file with certificates in PEM form that are trusted beside the system\'s' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l proxy -d 'Proxy: its URL, or env for HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; never used for this machine itself [default: env]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l loglevel -d 'What is logged: info tells the course of a load, debug every request [default: off]' -r -f -a "off\t'Nothing'
info\t'The course of a load'
debug\t'Every request'"
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l log-file -d 'Where the log goes; - is standard output [default: standard error]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Also print which flag, variable or section of the file each comes from'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -l skip-verify-cert -d 'Do not check the server\'s certificate'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing but errors and the summary'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from init" -s c -l config-file -d 'ossutil\'s configuration file [default: ~/.ossutilconfig] [env: OSSUTIL_CONFIG_FILE]' -r -F
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from init" -l profile -d 'Profile of the configuration file [default: default] [env: OSSUTIL_PROFILE]' -r -f
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c ossvec -n "__fish_ossvec_using_subcommand config; and __fish_seen_subcommand_from init" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ossvec -n "__fish_ossvec_using_subcommand completions" -s V -l version -d 'Print version'
complete -c ossvec -n "__fish_ossvec_using_subcommand completions" -f -a "bash zsh fish powershell"
