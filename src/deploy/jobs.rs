//! Tasks that run at the same time, such as calls of the AWS CLI.

use std::collections::BTreeMap;
use std::future::Future;

use tokio::task::JoinSet;

/// The tasks that run at the same time: each is a process.
const JOBS: usize = 8;

/// Runs tasks, and returns their results in the order of the tasks.
///
/// # Errors
///
/// The first error in time. It ends the other tasks.
pub(crate) async fn in_order<T, E, F>(tasks: impl IntoIterator<Item = F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let mut waiting = tasks.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut found = BTreeMap::new();
    loop {
        while running.len() < JOBS
            && let Some((number, task)) = waiting.next()
        {
            running.spawn(async move { (number, task.await) });
        }
        match running.join_next().await {
            None => return Ok(found.into_values().collect()),
            Some(Ok((number, result))) => {
                found.insert(number, result?);
            }
            // Nothing cancels a task, so it panicked.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn results_have_the_order_of_the_tasks() {
        let tasks = (0..20).map(|number: u64| async move {
            sleep(Duration::from_millis(20 - number)).await;
            Ok::<_, ()>(number)
        });
        let found = in_order(tasks).await.unwrap();
        assert_eq!(found, (0..20).collect::<Vec<_>>());
        let failing =
            (0..20).map(|number| async move { if number == 7 { Err(number) } else { Ok(()) } });
        assert_eq!(in_order(failing).await, Err(7));
    }
}
